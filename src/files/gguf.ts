/**
 * The GGUF container, versions 2 and 3: counts, metadata of typed keys, descriptions of tensors, then their data from the
 * next multiple of `general.alignment` on. Sizes are listed innermost first; `shape` here is outermost first.
 *
 * A file is data from a stranger: every count is compared with the bytes that are left before anything is read or allocated
 * by it. The header's length stands nowhere, so a growing front of the file is parsed until it suffices.
 */
import { AppError } from "@/errors";
import { GGML_TYPES, RETIRED_TYPES } from "@/files/gguf-types";
import type { ByteSource } from "./byte-source";

export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

export interface GgufTensor {
  /** ggml's name of the element type: "Q4_1". */
  readonly type: string;
  readonly shape: readonly number[];
  /** From the start of the file, bytes. */
  readonly offset: number;
  readonly bytes: number;
}

export interface Gguf {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** Every value of the metadata as it is stored: u32 type, then its bytes. */
  readonly stored: ReadonlyMap<string, Uint8Array<ArrayBuffer>>;
  /** In the order of their data. */
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAX_ENTRIES = 100_000;
const MAX_KEY_BYTES = 65_535;
const MAX_STRING_BYTES = 10_000_000;
const MAX_ARRAY = 1_000_000;
const MAX_ARRAYS_TOTAL = 4_000_000;
const MAX_DEPTH = 4;
const MAX_NAME_BYTES = 64;
const MAX_DIMENSIONS = 4;
const MAX_HEADER_BYTES = 512_000_000;
const FIRST_READ = 4_000_000;
const GROWTH = 4;

/** Reading stands at `at`; whatever lies behind `end` has not been read yet. */
interface Cursor {
  readonly view: DataView;
  at: number;
  readonly end: number;
  readonly fileSize: number;
  /** Elements of arrays so far, in the whole file. */
  elements: number;
}

/** Thrown while parsing where more of the file is needed. */
const MORE = Symbol("more");

/** Throws "file/truncated" or "file/malformed". */
export async function readGguf(source: ByteSource): Promise<Gguf> {
  for (let size = FIRST_READ; ; size *= GROWTH) {
    const front = await source.read(0, Math.min(size, source.size));
    try {
      return parse({ view: new DataView(front.buffer), at: 0, end: front.length, fileSize: source.size, elements: 0 });
    } catch (error) {
      if (error !== MORE) throw error;
      if (front.length === source.size) throw truncated(`ends within its header, at byte ${source.size}`);
      if (size > MAX_HEADER_BYTES) throw malformed(`Its header is longer than ${MAX_HEADER_BYTES} bytes.`);
    }
  }
}

function parse(cursor: Cursor): Gguf {
  const version = readVersion(cursor);
  const tensorCount = count(cursor, 24, MAX_ENTRIES, "tensors");
  const keyCount = count(cursor, 13, MAX_ENTRIES, "metadata keys");
  const metadata = new Map<string, GgufValue>();
  const stored = new Map<string, Uint8Array<ArrayBuffer>>();
  for (let i = 0; i < keyCount; i++) {
    const key = text(cursor, MAX_KEY_BYTES, "A metadata key");
    if (key === "" || metadata.has(key)) throw malformed(`Its metadata key ${quote(key)} is empty or there twice.`);
    const from = cursor.at;
    metadata.set(key, value(cursor, u32(cursor), key, 0));
    stored.set(key, new Uint8Array(cursor.view.buffer as ArrayBuffer, from, cursor.at - from));
  }
  const described = new Map<string, GgufTensor>();
  for (let i = 0; i < tensorCount; i++) {
    const [name, tensor] = readTensorInfo(cursor);
    if (described.has(name)) throw malformed(`Tensor ${quote(name)} is there twice.`);
    described.set(name, tensor);
  }
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || alignment < 1 || alignment > 65_536 || !Number.isInteger(Math.log2(alignment))) {
    throw malformed(`Its alignment is ${String(alignment).slice(0, 20)}, not a power of two.`);
  }
  return { version, metadata, stored, tensors: place(described, cursor, alignment) };
}

function readVersion(cursor: Cursor): number {
  const bytes = take(cursor, 4);
  const magic = String.fromCharCode(...new Uint8Array(cursor.view.buffer, bytes, 4));
  if (magic !== "GGUF") throw malformed("It does not begin with the letters GGUF.");
  const version = u32(cursor);
  if (version === 2 || version === 3) return version;
  if (version % 65_536 === 0) throw malformed("It is written big-endian, for machines that Burnish does not run on.");
  throw malformed(`It is of version ${version}; versions 2 and 3 can be read.`);
}

function readTensorInfo(cursor: Cursor): [string, GgufTensor] {
  const name = text(cursor, MAX_NAME_BYTES, "A tensor's name");
  if (name === "") throw malformed("A tensor has no name.");
  const dimensions = u32(cursor);
  if (dimensions < 1 || dimensions > MAX_DIMENSIONS) {
    throw malformed(`Tensor ${quote(name)} has ${dimensions} dimensions; there can be 1 to ${MAX_DIMENSIONS}.`);
  }
  const sizes = Array.from({ length: dimensions }, () => u64(cursor));
  const type = u32(cursor);
  const offset = u64(cursor);
  const known = GGML_TYPES.get(type);
  if (!known)
    throw malformed(`Tensor ${quote(name)} is of type ${RETIRED_TYPES.get(type) ?? type}, which is not known.`);
  const elements = sizes.reduce((product, size) => product * size, 1n);
  const [width = 0n] = sizes;
  if (elements === 0n || width % BigInt(known.values) !== 0n) {
    throw malformed(`Tensor ${quote(name)} of size ${sizes.join(" × ")} cannot be of type ${known.name}.`);
  }
  const bytes = (elements / BigInt(known.values)) * BigInt(known.bytes);
  if (offset + bytes > BigInt(cursor.fileSize)) {
    throw truncated(`has ${cursor.fileSize} bytes, but tensor ${quote(name)} needs ${bytes} at ${offset} of its data`);
  }
  const shape = sizes.map(Number).reverse();
  return [name, { type: known.name, shape, offset: Number(offset), bytes: Number(bytes) }];
}

/** Offsets become those of the file; each tensor must lie inside and beside the others. */
function place(described: ReadonlyMap<string, GgufTensor>, cursor: Cursor, alignment: number): Map<string, GgufTensor> {
  const start = Math.ceil(cursor.at / alignment) * alignment;
  const ordered = [...described].sort(([, a], [, b]) => a.offset - b.offset);
  const tensors = new Map<string, GgufTensor>();
  let end = start;
  for (const [name, tensor] of ordered) {
    const offset = start + tensor.offset;
    if (tensor.offset % alignment !== 0) throw malformed(`The data of tensor ${quote(name)} is not aligned.`);
    if (offset < end) throw malformed(`The data of tensor ${quote(name)} overlaps the one before it.`);
    end = offset + tensor.bytes;
    if (end > cursor.fileSize) {
      throw truncated(`has ${cursor.fileSize} bytes, but tensor ${quote(name)} ends at ${end}`);
    }
    tensors.set(name, { ...tensor, offset });
  }
  return tensors;
}

/** Bytes of one value by the type's number; strings (8) and arrays (9) have none. */
const SCALAR_BYTES = [1, 1, 2, 2, 4, 4, 4, 1, undefined, undefined, 8, 8, 8];

function value(cursor: Cursor, type: number, key: string, depth: number): GgufValue {
  if (type === 8) return text(cursor, MAX_STRING_BYTES, `The value of ${quote(key)}`);
  if (type === 9) return array(cursor, key, depth);
  const bytes = SCALAR_BYTES[type];
  if (bytes === undefined) throw malformed(`The value of ${quote(key)} is of type ${type}, which is not known.`);
  return scalar(cursor.view, take(cursor, bytes), type, key);
}

function scalar(view: DataView, at: number, type: number, key: string): GgufValue {
  switch (type) {
    case 0:
      return view.getUint8(at);
    case 1:
      return view.getInt8(at);
    case 2:
      return view.getUint16(at, true);
    case 3:
      return view.getInt16(at, true);
    case 4:
      return view.getUint32(at, true);
    case 5:
      return view.getInt32(at, true);
    case 6:
      return view.getFloat32(at, true);
    case 7: {
      const bit = view.getUint8(at);
      if (bit > 1) throw malformed(`The value of ${quote(key)} is neither true nor false.`);
      return bit === 1;
    }
    case 10:
      return plain(view.getBigUint64(at, true));
    case 11:
      return plain(view.getBigInt64(at, true));
    default:
      return view.getFloat64(at, true);
  }
}

const plain = (wide: bigint) => (BigInt.asIntN(53, wide) === wide ? Number(wide) : wide);

function array(cursor: Cursor, key: string, depth: number): GgufValue[] {
  if (depth >= MAX_DEPTH) throw malformed(`The value of ${quote(key)} is nested too deep.`);
  const type = u32(cursor);
  const least = type === 8 ? 8 : type === 9 ? 12 : SCALAR_BYTES[type];
  if (least === undefined) throw malformed(`The list ${quote(key)} holds type ${type}, which is not known.`);
  const length = count(cursor, least, MAX_ARRAY, `elements in ${quote(key)}`);
  cursor.elements += length;
  if (cursor.elements > MAX_ARRAYS_TOTAL) throw malformed(`Its lists hold more than ${MAX_ARRAYS_TOTAL} elements.`);
  const items: GgufValue[] = [];
  for (let i = 0; i < length; i++) items.push(value(cursor, type, key, depth + 1));
  return items;
}

/** A count of things that take `least` bytes or more each; refused when the file cannot hold so many. */
function count(cursor: Cursor, least: number, most: number, what: string): number {
  const wanted = u64(cursor);
  if (wanted > BigInt(most)) throw malformed(`It claims ${wanted} ${what}; ${most} is the most that Burnish reads.`);
  if (BigInt(least) * wanted > BigInt(cursor.fileSize - cursor.at)) {
    throw truncated(`has ${cursor.fileSize} bytes, too few for ${wanted} ${what}`);
  }
  return Number(wanted);
}

const utf8 = new TextDecoder("utf-8", { ignoreBOM: true });
function text(cursor: Cursor, most: number, what: string): string {
  const length = u64(cursor);
  if (length > BigInt(most)) throw malformed(`${what} claims ${length} bytes; ${most} is the most.`);
  const at = take(cursor, Number(length));
  return utf8.decode(new Uint8Array(cursor.view.buffer, at, Number(length)));
}

const u32 = (cursor: Cursor) => cursor.view.getUint32(take(cursor, 4), true);
const u64 = (cursor: Cursor) => cursor.view.getBigUint64(take(cursor, 8), true);

/** Where the next `bytes` begin. */
function take(cursor: Cursor, bytes: number): number {
  const { at } = cursor;
  if (at + bytes > cursor.end) throw MORE;
  cursor.at += bytes;
  return at;
}

const quote = (name: string) => JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name);

function truncated(fault: string): AppError {
  return new AppError("file/truncated", `The GGUF file ${fault}.`, {
    hint: "Download or copy the file again; it is not complete.",
  });
}

function malformed(detail: string): AppError {
  return new AppError("file/malformed", `This is not a sound GGUF file. ${detail}`, {
    hint: "Get the file again from its source, or from another one that you trust.",
  });
}
