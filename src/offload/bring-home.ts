/**
 * A result, read and verified: `result.json` by its shape, every file that comes home by its size and SHA-256. It lies in the
 * bucket that the job wrote to, in a repository, or in a folder at hand.
 */
import { AppError } from "@/errors";
import { ask, type Hub, patiently } from "@/hub/client";
import { filePath, listFiles } from "@/hub/models";
import { sha256Hex } from "@/util/sha256";
import type { NamedFile } from "@/worker/api/sources";
import { type LogEvent, readEvent } from "./job-log";
import {
  ADAPTER_FILES,
  EVENTS_FILE,
  type JobResult,
  LARGEST_RESULT,
  parseResult,
  RESULT_FILE,
  type ResultFile,
} from "./job-result";

export interface ResultPlace {
  /** For people. */
  readonly name: string;
  /** Null for what is not there; throws "file/too-large" beyond `most` bytes. */
  read(path: string, most: number): Promise<Blob | null>;
}

export interface HomeResult {
  readonly place: string;
  readonly result: JobResult;
  /** What the log said, where it was kept. */
  readonly events: readonly LogEvent[];
  /** adapter_config.json and adapter_model.safetensors; empty where whole weights were trained. */
  readonly adapter: readonly NamedFile[];
}

export function bucketPlace(hub: Hub, bucket: string, folder: string): ResultPlace {
  return hubPlace(
    hub,
    `the bucket ${bucket}, folder ${folder}`,
    (path) => `/buckets/${bucket}/resolve/${encodeURIComponent(`${folder}/${path}`)}`,
  );
}

/** All of one commit, so that a push in between mixes nothing. */
export async function repoPlace(hub: Hub, repo: string): Promise<ResultPlace> {
  const { sha, files } = await listFiles(hub, { repo, revision: "main" });
  const place = hubPlace(hub, repo, (path) => filePath(repo, sha, path));
  const known = new Set(files.map(({ path }) => path));
  return { ...place, read: async (path, most) => (known.has(path) ? place.read(path, most) : null) };
}

function hubPlace(hub: Hub, name: string, addressOf: (path: string) => string): ResultPlace {
  return {
    name,
    read: async (path, most) => {
      try {
        return await patiently(
          hub,
          () => 0,
          async () => bounded(await ask(hub, addressOf(path), name, {}, hub.signal), path, most),
        );
      } catch (error) {
        if (error instanceof AppError && error.code === "hub/not-found") return null;
        throw error;
      }
    },
  };
}

async function bounded(response: Response, path: string, most: number): Promise<Blob> {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  const reader = response.body?.getReader();
  try {
    for (;;) {
      const piece = await reader?.read();
      if (!piece || piece.done) return new Blob(parts);
      bytes += piece.value.length;
      if (bytes > most) throw tooLarge(path, most);
      parts.push(new Uint8Array(piece.value));
    }
  } catch (cause) {
    await reader?.cancel().catch(() => undefined);
    if (cause instanceof AppError) throw cause;
    throw new AppError("network/failed", `${path} broke off on its way.`, {
      hint: "Fetch it again; nothing is lost.",
      cause,
    });
  }
}

/** Files of a folder, by their paths in it; the result may lie in the folder itself or in `out` below it. */
export function filesPlace(name: string, files: readonly NamedFile[]): ResultPlace {
  const paths = new Map(files.map((file) => [file.name, file.blob]));
  const prefix = ["", "out/"].find((start) => paths.has(`${start}${RESULT_FILE}`)) ?? "";
  return {
    name,
    read: async (path, most) => {
      const found = paths.get(`${prefix}${path}`);
      if (found && found.size > most) throw tooLarge(path, most);
      return found ?? null;
    },
  };
}

const LARGEST_EVENTS = 256_000_000;
const LARGEST_ADAPTER = 4_000_000_000;

/** What the job says of itself. Throws "job/failed" where there is no result, "file/malformed" for another shape. */
export async function readResult(place: ResultPlace): Promise<Pick<HomeResult, "result" | "events">> {
  const text = await (await place.read(RESULT_FILE, LARGEST_RESULT))?.text();
  const events = await (await place.read(EVENTS_FILE, LARGEST_EVENTS))?.text();
  const lines = (events ?? "").split("\n").flatMap((line) => readEvent(line) ?? []);
  if (text === undefined) {
    const last = lines.findLast(({ type }) => type === "checkpoint");
    const kept = last?.type === "checkpoint" ? ` Its last checkpoint is of step ${last.step}.` : "";
    throw new AppError("job/failed", `There is no ${RESULT_FILE} in ${place.name}.${kept}`, {
      hint: "A job writes it last: it is still at work, or it ended before. Its log and status say which; checkpoints that it wrote lie there untouched, and burnish jobs submit --continue JOB goes on from them.",
    });
  }
  return { result: parseResult(text), events: lines };
}

/** With the adapter. Throws as `readResult` does, and "file/malformed" where something does not verify; nothing is kept then. */
export async function bringHome(place: ResultPlace): Promise<HomeResult> {
  const { result, events } = await readResult(place);
  if (result.weights === "full" || result.status !== "done") return { place: place.name, result, events, adapter: [] };
  const adapter: NamedFile[] = [];
  for (const path of ADAPTER_FILES) {
    const named = result.files.find((file) => file.path === path);
    if (!named) throw unverified(place, `its list of files lacks ${path}`);
    adapter.push({ name: path.replace("adapter/", ""), blob: await verified(place, named) });
  }
  return { place: place.name, result, events, adapter };
}

export async function verified(place: ResultPlace, { path, bytes, sha256 }: ResultFile): Promise<Blob> {
  if (bytes > LARGEST_ADAPTER) throw tooLarge(path, LARGEST_ADAPTER);
  const blob = await place.read(path, bytes + 1);
  if (!blob) throw unverified(place, `${path} is missing`);
  if (blob.size !== bytes) throw unverified(place, `${path} has ${blob.size} bytes, not ${bytes}`);
  if ((await sha256Hex(new Uint8Array(await blob.arrayBuffer()))) !== sha256)
    throw unverified(place, `${path} is not what the job wrote`);
  return blob;
}

function unverified({ name }: ResultPlace, why: string): AppError {
  return new AppError("file/malformed", `The result in ${name} does not verify: ${why}.`, {
    hint: "Nothing of it was kept here, and nothing there was changed. Fetch it again; if it stays so, submit the job again: it goes on from what it finds.",
  });
}

function tooLarge(path: string, most: number): AppError {
  return new AppError("file/too-large", `${path} is larger than its ${(most / 1e6).toFixed(0)} MB.`, {
    hint: "It is not what the job wrote. Nothing of it was kept.",
  });
}
