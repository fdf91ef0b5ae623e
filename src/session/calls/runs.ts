/** Runs that are kept: listing, reading, changing their notes, taking them out and in, and opening their adapters. */
import { strToU8, zipSync } from "fflate";
import { AppError } from "@/errors";
import { packBundle, readBundle } from "@/runs/bundle";
import { diffRuns } from "@/runs/diff";
import { newRunId, type RunRecord } from "@/runs/record";
import { createRunStore, type RunStore } from "@/runs/store";
import { summaryOf } from "@/runs/summary";
import { trackioFiles } from "@/runs/trackio";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import type { RunHome } from "@/session/platform";
import { hashString } from "@/util/random";

type RunCalls = Pick<
  Session,
  "listRuns" | "readRun" | "annotateRun" | "deleteRun" | "diffRuns" | "exportRun" | "importRun" | "exportTrackio"
>;

const LARGEST_BUNDLE = 4_000_000_000;

export function runCalls({ platform }: Core): RunCalls {
  const home = async () => {
    const place = await platform.runs();
    return { ...place, store: createRunStore(place.records, place.files) };
  };
  return {
    listRuns: async () => {
      const { store, locks } = await home();
      const records = await store.list();
      for (const record of records) await tellInterrupted(record, store, locks);
      return records.map(summaryOf);
    },

    readRun: async (id) => {
      const { store, locks } = await home();
      const record = await store.get(id);
      await tellInterrupted(record, store, locks);
      return record;
    },

    annotateRun: async (id, { name, notes }) => {
      const { store, locks } = await home();
      const record = await store.get(id);
      await refuseHeld(id, locks);
      await store.put({ ...record, name: name ?? record.name, notes: notes ?? record.notes });
    },

    deleteRun: async (id) => {
      const { store, locks } = await home();
      await refuseHeld(id, locks);
      await store.delete(id);
    },

    diffRuns: async (a, b) => {
      const { store } = await home();
      return diffRuns(await store.get(a), await store.get(b));
    },

    exportRun: async (id) => {
      const { store } = await home();
      const record = await store.get(id);
      const files = new Map<string, Uint8Array<ArrayBuffer>>();
      for (const point of record.checkpoints) files.set(point.file, await store.readCheckpoint(point));
      return { name: `${id}.zip`, blob: new Blob([await packBundle({ record, files })], { type: "application/zip" }) };
    },

    importRun: async ({ name, blob }) => {
      if (blob.size > LARGEST_BUNDLE)
        throw new AppError("file/too-large", `${name} is too large for a bundle of a run.`);
      const { record, files } = await readBundle(new Uint8Array(await blob.arrayBuffer()));
      const { store, records } = await home();
      const taken = (await records.get(record.id)) !== undefined;
      const id = taken ? newRunId(record.name, Date.now(), hashString(`${record.id} ${Date.now()}`)) : record.id;
      const points = record.checkpoints;
      const kept: RunRecord = {
        ...record,
        id,
        checkpoints: [],
        status: record.status === "running" ? "interrupted" : record.status,
      };
      await store.put(kept);
      for (const { step, evalLoss, passRate, file } of points) {
        await store.keepCheckpoint(kept, step, { evalLoss, passRate }, files.get(file) ?? new Uint8Array());
      }
      return id;
    },

    exportTrackio: async (ids, project) => {
      const { store } = await home();
      const runs: RunRecord[] = [];
      for (const id of ids) runs.push(await store.get(id));
      const entries = trackioFiles(runs, project).map(({ name, content }) => [
        name,
        typeof content === "string" ? strToU8(content) : new Uint8Array(content),
      ]);
      const bytes = new Uint8Array(zipSync(Object.fromEntries(entries)));
      return { name: `${project}-trackio.zip`, blob: new Blob([bytes], { type: "application/zip" }) };
    },
  };
}

/** A tab that closed, a crash, a power cut: the record still says "running", but nobody is at work on it. */
async function tellInterrupted(record: RunRecord, store: RunStore, locks: RunHome["locks"]): Promise<void> {
  if (record.status !== "running" || (await locks.held(record.id))) return;
  record.status = "interrupted";
  await store.put(record);
}

async function refuseHeld(id: string, locks: RunHome["locks"]): Promise<void> {
  if (!(await locks.held(id))) return;
  throw new AppError("usage", "This run is going on.", { hint: "Stop it first, or wait for its end." });
}
