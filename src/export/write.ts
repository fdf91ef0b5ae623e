/**
 * A plan into a sink. What can be known is said before: names that would leave the folder, and room that is missing.
 * Every file is written under a temporary name; only when all are whole do they get their own, so that neither a full disk
 * nor a closed tab leaves something that looks like an export and is half of one.
 */
import { AppError } from "@/errors";
import { type ExportPlan, type ExportSink, type PlannedFile, planBytes, type SinkFile } from "@/export/format";

export interface WriteOptions {
  /** Bytes. */
  readonly onProgress?: (done: number, total: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/** Throws "usage" for bad names, "storage/full", "storage/failed", "run/stopped". */
export async function writeExport(plan: ExportPlan, sink: ExportSink, options: WriteOptions = {}): Promise<void> {
  for (const { name } of plan.files) checkFileName(name);
  const total = planBytes(plan);
  await requireRoom(sink, total);
  const written: SinkFile[] = [];
  let done = 0;
  try {
    for (const file of plan.files) {
      const out = await sink.open(file.name);
      written.push(out);
      await pour(file, out, (bytes) => {
        options.signal?.throwIfAborted();
        done += bytes;
        options.onProgress?.(done, total);
      });
      await out.close();
    }
    for (const out of written) await out.finish();
  } catch (error) {
    for (const out of written) await out.abandon().catch(() => {});
    if (options.signal?.aborted) throw stopped(error);
    throw error;
  }
}

async function pour(file: PlannedFile, out: SinkFile, onBytes: (bytes: number) => void): Promise<void> {
  let bytes = 0;
  for await (const chunk of file.chunks()) {
    await out.write(chunk);
    bytes += chunk.length;
    onBytes(chunk.length);
  }
  if (bytes !== file.bytes) {
    throw new AppError("internal", `${file.name} came to ${bytes} bytes where ${file.bytes} were planned.`);
  }
}

async function requireRoom(sink: ExportSink, total: number): Promise<void> {
  const room = await sink.room();
  if (room === null || room >= total) return;
  const mb = (bytes: number) => `${Math.ceil(bytes / 1e6)} MB`;
  throw new AppError("storage/full", `The export needs ${mb(total)}, but ${sink.place} has room for ${mb(room)}.`, {
    hint: "Free some space, choose another place, or a smaller quantisation.",
  });
}

const MAX_NAME = 200;

/** A relative path of plain parts: nothing that leaves its folder or means something to a system. */
export function checkFileName(name: string): string {
  const parts = name.split("/");
  const plain = /^[A-Za-z0-9_][\w.+ -]*$/;
  const reserved = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;
  const sound = (part: string) => plain.test(part) && !/[. ]$/.test(part) && !reserved.test(part);
  if (name.length <= MAX_NAME && parts.every(sound)) return name;
  throw new AppError("usage", `${JSON.stringify(name.slice(0, 80))} cannot be the name of an exported file.`, {
    hint: "Use letters, digits, dots, dashes and underscores, with folders by /.",
  });
}

/** A name for a file from what a model is called: "org/My Model" → "My-Model". */
export function fileStem(name: string, fallback = "model"): string {
  const last =
    name
      .replace(/^bundled:/, "")
      .split(/[/\\]/)
      .findLast((part) => part.trim() !== "") ?? "";
  const stem = last
    .replace(/\.gguf$/i, "")
    .replace(/[^\w.-]+/g, "-")
    .replace(/^[^A-Za-z0-9_]+|[.-]+$/g, "")
    .slice(0, 80);
  return stem === "" ? fallback : stem;
}

function stopped(cause: unknown): AppError {
  return new AppError("run/stopped", "The export was stopped; nothing of it was kept.", {
    hint: "Start it again when you like.",
    cause,
  });
}
