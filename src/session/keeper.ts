/**
 * What makes a run kept: its record, its lock and its checkpoints. Storage may fail at any moment, and then the run goes
 * on without it, with one warning.
 */
import type { Dataset } from "@/data/dataset-types";
import { toWire } from "@/errors";
import { cutCurves } from "@/runs/curves";
import { type Measured, newRunId, type RunRecord } from "@/runs/record";
import { createRunStore } from "@/runs/store";
import type { Core } from "@/session/core";
import { dataFingerprint, modelFingerprint } from "@/session/fingerprint";
import type { OpenModel } from "@/session/open-model";
import { createRecorder } from "@/session/recorder";
import type { Recipe } from "@/train/recipe";
import { packState, type TrainingState } from "@/train/state";
import { VERSION } from "@/util/version";
import type { RunEvent } from "@/worker/api/run";

export interface Keeper {
  readonly record: RunRecord;
  observe(events: readonly RunEvent[]): void;
  /** Is the state after this step wanted? */
  wants(step: number, evaluated: boolean): boolean;
  keep(state: TrainingState, measured: Measured): Promise<void>;
  note(message: string): void;
  /** The run ended: whole, stopped, or with this error. Lets go of the lock. */
  end(how: "done" | "stopped" | { readonly error: unknown }): Promise<void>;
}

/** The most work that a crash may cost, where evaluations are further apart. */
const CHECKPOINT_EVERY_MS = 30_000;

export function newRecord(
  { state, engine }: { state: Core["state"]; engine: string },
  { model, dataset, recipe }: { model: OpenModel; dataset: Dataset; recipe: Recipe },
  parent: RunRecord["parent"],
): RunRecord {
  const now = Date.now();
  const { info } = dataset;
  const name = info.name.replace(/\.(jsonl?|csv|parquet)$/i, "");
  return {
    version: 1,
    id: newRunId(name, now, Math.floor(performance.now() * 1000)),
    ...{ name, notes: "", createdAt: now, updatedAt: now, status: "running", recipe, parent },
    model: { source: state.modelSource ?? "", name: model.name, fingerprint: modelFingerprint(model) },
    data: {
      source: state.dataSource ?? "",
      name: info.name,
      fingerprint: dataFingerprint(dataset),
      trainRows: info.trainRows,
      evalRows: info.evalRows,
    },
    ...{ engine, software: VERSION, seconds: 0, steps: 0, verdict: null },
    ...{ series: {}, samples: [], events: [], checkpoints: [] },
  };
}

/** The record as it was when its last checkpoint was made: what came after is computed again. */
export function rewound(record: RunRecord, step: number): RunRecord {
  return {
    ...record,
    status: "running",
    steps: step,
    series: cutCurves(record.series, step),
    samples: record.samples.filter((sample) => sample.step <= step),
    events: [...record.events, { step, message: `Resumed from the checkpoint of step ${step}.` }],
  };
}

/** Nothing was wrong with a run whose device died under it. */
const statusOf = (error: unknown) => (toWire(error).code === "device/lost" ? "interrupted" : "failed");

/** Null when another tab or process is at work on this very run. */
export async function createKeeper(
  { platform }: Core,
  record: RunRecord,
  warn: (message: string) => void,
): Promise<Keeper | null> {
  const home = await platform.runs();
  const letGo = await home.locks.hold(record.id);
  if (letGo === null) return null;
  const recorder = createRecorder(createRunStore(home.records, home.files), record, warn);
  const { every } = record.recipe.keep;
  let last = performance.now();
  await recorder.save();
  return {
    record,
    observe: recorder.observe,
    wants: (step, evaluated) =>
      every > 0 ? step % every === 0 : evaluated || performance.now() - last > CHECKPOINT_EVERY_MS,
    keep: async (state, measured) => {
      await recorder.checkpoint(state.step, measured, packState(state));
      last = performance.now();
    },
    note: recorder.note,
    end: async (how) => {
      if (typeof how === "object") recorder.note(toWire(how.error).message);
      await recorder.end(typeof how === "object" ? statusOf(how.error) : how);
      letGo();
    },
  };
}
