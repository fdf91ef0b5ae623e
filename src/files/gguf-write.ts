/**
 * The start of a GGUF file (version 3): counts, metadata, descriptions of tensors, padding. Their data follows in the same
 * order, each padded with zeros to the alignment. Values are encoded one by one, so that those of another file can be
 * carried over as they are stored there.
 */
import { AppError } from "@/errors";
import { GGML_TYPES } from "@/files/gguf-types";

/** u32 type, then the value. */
export type GgufEntry = Uint8Array<ArrayBuffer>;

export interface GgufTensorShape {
  readonly name: string;
  /** ggml's name: "Q8_0". */
  readonly type: string;
  /** Outermost first. */
  readonly shape: readonly number[];
}

const ALIGNMENT = 32;
const MAX_NAME_BYTES = 64;
const utf8 = new TextEncoder();

function encode(bytes: number, fill: (view: DataView) => void): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(bytes);
  fill(new DataView(out.buffer));
  return out;
}

const word = (value: number) => encode(4, (view) => view.setUint32(0, value, true));
const long = (value: number) => encode(8, (view) => view.setBigUint64(0, BigInt(value), true));

function text(value: string): Uint8Array<ArrayBuffer> {
  const bytes = utf8.encode(value);
  return joined([long(bytes.length), bytes]);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** A list: u32 9, u32 type of its elements, u64 count, elements. */
const list = (type: number, count: number, elements: readonly Uint8Array[]) =>
  joined([word(9), word(type), long(count), ...elements]);

/** Values by their type in the file. */
export const ggufValue = {
  u32: (value: number): GgufEntry => joined([word(4), word(value)]),
  f32: (value: number): GgufEntry => joined([word(6), encode(4, (view) => view.setFloat32(0, value, true))]),
  bool: (value: boolean): GgufEntry => joined([word(7), Uint8Array.of(value ? 1 : 0)]),
  text: (value: string): GgufEntry => joined([word(8), text(value)]),
  texts: (values: readonly string[]): GgufEntry => list(8, values.length, values.map(text)),
  i32s: (values: readonly number[]): GgufEntry =>
    list(5, values.length, [new Uint8Array(Int32Array.from(values).buffer)]),
  f32s: (values: readonly number[]): GgufEntry =>
    list(6, values.length, [new Uint8Array(Float32Array.from(values).buffer)]),
} as const;

export interface GgufStart {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Bytes of every tensor's data, and the zeros behind it, in order. */
  readonly data: readonly { readonly bytes: number; readonly padding: number }[];
  /** Bytes of the whole file. */
  readonly total: number;
}

export function ggufStart(entries: ReadonlyMap<string, GgufEntry>, tensors: readonly GgufTensorShape[]): GgufStart {
  const alignment = alignmentOf(entries);
  const data = tensors.map((tensor) => {
    const bytes = ggufBytes(tensor);
    return { bytes, padding: padding(bytes, alignment) };
  });
  const infos: Uint8Array[] = [];
  let offset = 0;
  tensors.forEach(({ name, type, shape }, i) => {
    if (utf8.encode(name).length > MAX_NAME_BYTES) throw new AppError("internal", `${name} is too long for GGUF.`);
    const sizes = [...shape].reverse().map(long);
    infos.push(joined([text(name), word(shape.length), ...sizes, word(typeNumber(type)), long(offset)]));
    offset += (data[i]?.bytes ?? 0) + (data[i]?.padding ?? 0);
  });
  const counts = [utf8.encode("GGUF"), word(3), long(tensors.length), long(entries.size)];
  const metadata = [...entries].flatMap(([key, value]) => [text(key), value]);
  const front = joined([...counts, ...metadata, ...infos]);
  const bytes = joined([front, new Uint8Array(padding(front.length, alignment))]);
  return { bytes, data, total: bytes.length + offset };
}

const padding = (bytes: number, alignment: number) => (alignment - (bytes % alignment)) % alignment;

function alignmentOf(entries: ReadonlyMap<string, GgufEntry>): number {
  const stored = entries.get("general.alignment");
  return stored ? new DataView(stored.buffer, stored.byteOffset).getUint32(4, true) : ALIGNMENT;
}

function typeNumber(name: string): number {
  for (const [number, type] of GGML_TYPES) if (type.name === name) return number;
  throw new AppError("internal", `GGUF has no type ${name}.`);
}

/** Bytes of a tensor's data. */
export function ggufBytes({ name, type, shape }: GgufTensorShape): number {
  const known = GGML_TYPES.get(typeNumber(type));
  const elements = shape.reduce((product, size) => product * size, 1);
  if (!known || (shape.at(-1) ?? 0) % known.values !== 0) {
    throw new AppError("internal", `${name} of [${shape}] cannot be of type ${type}.`);
  }
  return (elements / known.values) * known.bytes;
}
