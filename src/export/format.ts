/**
 * What an export is: a format, a quantisation, and the files that will come of it with their bytes known before anything
 * is written. A file is a stream of chunks, made tensor by tensor as they are asked for, so that no model is ever in
 * memory twice. A sink takes them: a folder on disk, the browser's file system, a Hub repository.
 */
import { AppError } from "@/errors";
import type { ExportFormat, ExportQuant } from "@/worker/api/export";
import type { NamedFile } from "@/worker/api/sources";

/** The quantisations of each format, the default first; none for formats that have one way only. */
export const QUANTS: Readonly<Record<ExportFormat, readonly ExportQuant[]>> = {
  peft: [],
  safetensors: ["f16", "bf16", "f32"],
  gguf: ["q8_0", "q4_k_m", "q5_k_m", "q6_k", "q5_0", "q4_0", "f16", "bf16", "f32"],
  "gguf-lora": ["f32", "f16"],
  onnx: ["f32", "f16", "q8"],
};

export interface PlannedFile {
  /** Relative, folders by "/": "onnx/model.onnx". */
  readonly name: string;
  /** Exactly what `chunks` will give. */
  readonly bytes: number;
  /** Starts anew on every call. */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
}

export interface ExportPlan {
  readonly format: ExportFormat;
  readonly quant: ExportQuant | null;
  readonly files: readonly PlannedFile[];
  /** What the one who exports should know before: "576 columns do not divide by 256, so …". */
  readonly notes: readonly string[];
}

/** A file that is being written; until `finish` nothing has its name. */
export interface SinkFile {
  write(chunk: Uint8Array<ArrayBuffer>): Promise<void>;
  /** All bytes are there; they stay under the temporary name. */
  close(): Promise<void>;
  /** Gives the closed file its name, replacing what had it. */
  finish(): Promise<void>;
  /** Removes what was written, closed or not. */
  abandon(): Promise<void>;
}

/** Throws "storage/full" and "storage/failed" as stores do. */
export interface ExportSink {
  /** Where the files go, for people. */
  readonly place: string;
  /** Bytes that still fit, or null where that cannot be known. */
  room(): Promise<number | null>;
  open(name: string): Promise<SinkFile>;
}

export const planBytes = ({ files }: ExportPlan) => files.reduce((sum, { bytes }) => sum + bytes, 0);

/** The format's default, or `quant` itself. Throws "usage" where the format has no such quantisation. */
export function chooseQuant(format: ExportFormat, quant: string | undefined): ExportQuant | null {
  const known = QUANTS[format];
  if (quant === undefined) return known[0] ?? null;
  const found = known.find((name) => name === quant.toLowerCase());
  if (found) return found;
  throw new AppError("usage", `The format ${format} cannot be written as ${quant.slice(0, 40)}.`, {
    hint: known.length > 0 ? `It can be written as ${known.join(", ")}.` : "It has one way only; leave --quant out.",
  });
}

/** Bytes as a file. */
export function plainFile(name: string, content: Uint8Array<ArrayBuffer> | string): PlannedFile {
  const bytes = typeof content === "string" ? new TextEncoder().encode(content) : content;
  return {
    name,
    bytes: bytes.length,
    async *chunks() {
      yield bytes;
    },
  };
}

/** A file that is taken over as it is, piece by piece. */
export function blobFile(name: string, blob: Blob): PlannedFile {
  const piece = 16_000_000;
  return {
    name,
    bytes: blob.size,
    async *chunks() {
      for (let at = 0; at < blob.size; at += piece) {
        yield new Uint8Array(await blob.slice(at, at + piece).arrayBuffer());
      }
    },
  };
}

/** All of a plan's files at once, for what is small or was asked for in memory. */
export async function filesOf({ files }: ExportPlan): Promise<NamedFile[]> {
  return Promise.all(
    files.map(async ({ name, chunks }) => {
      const parts: Uint8Array<ArrayBuffer>[] = [];
      for await (const chunk of chunks()) parts.push(chunk);
      return { name, blob: new Blob(parts) };
    }),
  );
}
