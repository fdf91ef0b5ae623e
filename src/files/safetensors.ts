/**
 * The safetensors container: u64 header length, a JSON header {name: {dtype, shape, data_offsets}}, then the data.
 *
 * A file is data from a stranger, so the header is checked as strictly as the reference does: data without holes or
 * overlaps to the last byte, sizes that agree with shapes, no name twice (JSON.parse would hide the first), 100 MB at most.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { bf16ToF32, f16ToF32 } from "@/util/bytes";
import type { ByteSource } from "./byte-source";

const DTYPE_BYTES = {
  F64: 8,
  F32: 4,
  F16: 2,
  BF16: 2,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I64: 8,
  I32: 4,
  I16: 2,
  I8: 1,
  U64: 8,
  U32: 4,
  U16: 2,
  U8: 1,
  BOOL: 1,
} as const;
export type Dtype = keyof typeof DTYPE_BYTES;

export interface TensorEntry {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
  /** From the start of the file, bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface TensorData {
  readonly dtype: "F32" | "F16" | "BF16";
  readonly shape: readonly number[];
  /** Row-major, in the byte order of every machine that runs this: little-endian. */
  readonly data: Float32Array | Uint16Array;
}

const MAX_HEADER_BYTES = 100_000_000;
const METADATA = "__metadata__";

const natural = z.int().check(z.nonnegative());
const HeaderEntry = z.object({
  dtype: z.enum(Object.keys(DTYPE_BYTES) as [Dtype, ...Dtype[]]),
  shape: z.array(natural).check(z.maxLength(32)),
  data_offsets: z.tuple([natural, natural]),
});
const Metadata = z.record(z.string(), z.string());

/** Every tensor by name, in file order. Throws "file/truncated" or "file/malformed". */
export async function readHeader(source: ByteSource): Promise<Map<string, TensorEntry>> {
  const prefix = await source.read(0, 8);
  const length = new DataView(prefix.buffer).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw malformed(`Its header claims ${length} bytes, more than the ${MAX_HEADER_BYTES} that the format allows.`);
  }
  const headerBytes = Number(length);
  const header = parseHeader(await source.read(8, headerBytes));
  const dataStart = 8 + headerBytes;
  const tensors = new Map<string, TensorEntry>();
  for (const [name, value] of Object.entries(header)) {
    if (name === METADATA) {
      if (!z.safeParse(Metadata, value).success) throw malformed("Its __metadata__ is not a map of strings.");
    } else tensors.set(name, parseEntry(name, value, dataStart));
  }
  return requireFullCover(tensors, dataStart, source.size);
}

/** The stored bytes of one tensor. */
export function readRaw(source: ByteSource, entry: TensorEntry): Promise<Uint8Array<ArrayBuffer>> {
  return source.read(entry.offset, entry.bytes);
}

/** One tensor as f32, whichever float it is stored in. Throws "file/malformed" for other types. */
export async function readTensor(source: ByteSource, entry: TensorEntry): Promise<Float32Array<ArrayBuffer>> {
  if (entry.dtype === "F32") return new Float32Array((await readRaw(source, entry)).buffer);
  if (entry.dtype === "F16") return f16ToF32(new Uint16Array((await readRaw(source, entry)).buffer));
  if (entry.dtype === "BF16") return bf16ToF32(new Uint16Array((await readRaw(source, entry)).buffer));
  throw malformed(`A tensor is stored as ${entry.dtype}, where a float of 16 or 32 bits is needed.`);
}

export interface TensorShape {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/**
 * The start of a file whose tensors follow in this order without gaps: length, and a JSON header padded with spaces so that
 * the data begins at a multiple of 8.
 */
export function safetensorsHeader(
  tensors: Iterable<readonly [string, TensorShape]>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Uint8Array<ArrayBuffer> {
  const header: [string, unknown][] = [[METADATA, metadata]];
  let end = 0;
  for (const [name, { dtype, shape }] of tensors) {
    if (name === METADATA) throw new AppError("internal", `A tensor cannot be called ${name}.`);
    const from = end;
    end += tensorBytes({ dtype, shape });
    header.push([name, { dtype, shape, data_offsets: [from, end] }]);
  }
  const json = new TextEncoder().encode(JSON.stringify(Object.fromEntries(header)));
  const dataStart = 8 + Math.ceil(json.length / 8) * 8;
  const start = new Uint8Array(dataStart).fill(0x20, 8);
  new DataView(start.buffer).setBigUint64(0, BigInt(dataStart - 8), true);
  start.set(json, 8);
  return start;
}

export function tensorBytes({ dtype, shape }: TensorShape): number {
  return shape.reduce((product, size) => product * size, DTYPE_BYTES[dtype]);
}

/** A whole file in memory. Larger element types come first, which keeps every tensor aligned. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, TensorData>,
  metadata: Readonly<Record<string, string>> = { format: "pt" },
): Uint8Array<ArrayBuffer> {
  const ordered = [...tensors].sort(
    ([nameA, a], [nameB, b]) => DTYPE_BYTES[b.dtype] - DTYPE_BYTES[a.dtype] || (nameA < nameB ? -1 : 1),
  );
  for (const [name, { dtype, shape, data }] of ordered) {
    if (tensorBytes({ dtype, shape }) !== data.byteLength || DTYPE_BYTES[dtype] !== data.BYTES_PER_ELEMENT) {
      throw new AppError("internal", `Tensor ${name} of shape [${shape}] and ${data.length} values cannot be written.`);
    }
  }
  const start = safetensorsHeader(ordered, metadata);
  const file = new Uint8Array(ordered.reduce((sum, [, { data }]) => sum + data.byteLength, start.length));
  file.set(start);
  let at = start.length;
  for (const [, { data }] of ordered) {
    file.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), at);
    at += data.byteLength;
  }
  return file;
}

function parseHeader(bytes: Uint8Array): object {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    header = JSON.parse(text);
  } catch (cause) {
    throw malformed("Its header is not JSON.", cause);
  }
  if (typeof header !== "object" || header === null || Array.isArray(header)) {
    throw malformed("Its header is not a JSON object.");
  }
  const twice = findDuplicateKey(text);
  if (twice !== undefined) throw malformed(`Its header names ${JSON.stringify(twice)} twice.`);
  return header;
}

function parseEntry(name: string, value: unknown, dataStart: number): TensorEntry {
  const parsed = z.safeParse(HeaderEntry, value);
  if (!parsed.success) throw malformed(`The header entry of tensor ${JSON.stringify(name)} does not fit the format.`);
  const { dtype, shape, data_offsets: range } = parsed.data;
  // BigInt, because a product of hostile sizes can wrap to a value that looks right.
  const wanted = shape.reduce((product, size) => product * BigInt(size), BigInt(DTYPE_BYTES[dtype]));
  if (range[1] < range[0] || BigInt(range[1] - range[0]) !== wanted) {
    throw malformed(
      `Tensor ${JSON.stringify(name)} needs ${wanted} bytes, but its offsets span ${range[1] - range[0]}.`,
    );
  }
  return { dtype, shape, offset: dataStart + range[0], bytes: range[1] - range[0] };
}

function requireFullCover(tensors: Map<string, TensorEntry>, start: number, size: number): Map<string, TensorEntry> {
  const ordered = [...tensors].sort(([, a], [, b]) => a.offset - b.offset || a.bytes - b.bytes);
  let end = start;
  for (const [name, entry] of ordered) {
    if (entry.offset !== end) {
      const fault = entry.offset < end ? "overlaps the one before it" : "leaves a hole before it";
      throw malformed(`The data of tensor ${JSON.stringify(name)} ${fault}.`);
    }
    end += entry.bytes;
  }
  if (end > size) {
    throw new AppError("file/truncated", `The safetensors file has ${size} bytes, but its tensors need ${end}.`, {
      hint: "Download or copy the file again; it is not complete.",
    });
  }
  if (end < size) throw malformed(`It has ${size - end} bytes that belong to no tensor.`);
  return new Map(ordered);
}

/** The first key that any object of this valid JSON text has twice. */
function findDuplicateKey(text: string): string | undefined {
  const open: Set<string>[] = [];
  let last: string | undefined;
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"|[{}:]/g)) {
    if (token === "{") open.push(new Set());
    else if (token === "}") open.pop();
    else if (token !== ":") last = token;
    else {
      const key: string = JSON.parse(last ?? '""');
      const keys = open.at(-1);
      if (keys?.has(key)) return key;
      keys?.add(key);
    }
  }
  return undefined;
}

function malformed(detail: string, cause?: unknown): AppError {
  return new AppError("file/malformed", `This is not a sound safetensors file. ${detail}`, {
    hint: "Get the file again from its source, or from another one that you trust.",
    cause,
  });
}
