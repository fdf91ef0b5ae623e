/**
 * A model of a given architecture with random weights, made on the spot: no file is read. One piece of rows is drawn and
 * encoded for each format and width, and written again and again: speed does not depend on the values.
 */
import { elements } from "@/graph/graph";
import type { DeviceBuffer, Target, Tensor, WeightFormat } from "@/graph/target";
import type { Architecture } from "@/model/architecture";
import { quantise } from "@/model/quantize";
import { type Runtime, runtimeOf } from "@/model/runtime";
import { fitFormat, LAYOUTS, repack, storedBytes } from "@/model/weight-formats";
import { modelTensors, weightSymbols } from "@/model/weights";
import { f32ToF16 } from "@/util/bytes";
import { createRandom } from "@/util/random";

/** Formats that values can be encoded in here. */
export type RandomFormat = "f32" | "f16" | "q8_0" | "q4_0" | "nf4";

const PIECE_ROWS = 64;

/** Each matrix in the widest of these that one binding holds: a huge embedding is narrower than the rest. */
export function bindableFormat(
  arch: Architecture,
  wanted: RandomFormat,
  maxBindingBytes: number,
): RandomFormat | ((name: string) => RandomFormat) {
  const order: readonly RandomFormat[] = ["f32", "f16", "q8_0", "q4_0", "nf4"];
  const { names, vocab, hidden } = arch;
  const fits = (format: RandomFormat) => storedBytes(fitFormat(format, hidden), [vocab, hidden]) <= maxBindingBytes;
  const table = order.slice(order.indexOf(wanted)).find(fits) ?? "nf4";
  return table === wanted ? wanted : (name) => ([names.embedding, names.head].includes(name) ? table : wanted);
}

export function randomRuntime(
  target: Target,
  arch: Architecture,
  formats: RandomFormat | ((name: string) => RandomFormat),
): Runtime {
  const tensors = modelTensors(arch, formats);
  const pieces = new Map<string, Uint8Array<ArrayBuffer>>();
  const buffers = new Map<string, DeviceBuffer>();
  try {
    for (const symbol of weightSymbols(tensors)) {
      const buffer = target.allocate(symbol.storage.bytes, symbol.storage.name);
      buffers.set(symbol.storage.name, buffer);
      fill(target, buffer, pieceFor(symbol, pieces));
    }
    return runtimeOf(target, arch, formats, tensors, buffers);
  } catch (error) {
    for (const buffer of buffers.values()) target.free(buffer);
    throw error;
  }
}

function fill(target: Target, buffer: DeviceBuffer, piece: Uint8Array<ArrayBuffer>): void {
  for (let at = 0; at < buffer.bytes; at += piece.length) {
    target.write(buffer, piece.subarray(0, Math.min(piece.length, buffer.bytes - at)), at);
  }
}

/** Matrices ~ N(0, 0.02), as models begin; vectors (norms, biases) are ones. */
function pieceFor({ shape, format }: Tensor, pieces: Map<string, Uint8Array<ArrayBuffer>>): Uint8Array<ArrayBuffer> {
  if (shape.length === 1) return new Uint8Array(new Float32Array(elements(shape)).fill(1).buffer);
  const columns = shape[1] ?? 0;
  const key = `${format} ${columns}`;
  const known = pieces.get(key) ?? encode(columns, format as WeightFormat);
  pieces.set(key, known);
  return known;
}

function encode(columns: number, format: WeightFormat): Uint8Array<ArrayBuffer> {
  const random = createRandom(columns);
  const values = Float32Array.from({ length: PIECE_ROWS * columns }, () => 0.02 * random.normal());
  if (format === "f16") return new Uint8Array(f32ToF16(values).buffer);
  if (format === "q8_0" || format === "nf4") return quantise(format, values, columns);
  return format === "q4_0" ? blocksOfQ4(columns, random.normal) : new Uint8Array(values.buffer);
}

/** Random nibbles under a scale that makes them ±0.02: f16 d, 16 bytes of two each, 32 values a block. */
function blocksOfQ4(columns: number, draw: () => number): Uint8Array<ArrayBuffer> {
  const { values, bytes } = LAYOUTS.q4_0;
  const raw = Uint8Array.from({ length: (PIECE_ROWS * columns * bytes) / values }, () => 256 * Math.abs(draw()));
  const scale = new Uint8Array(f32ToF16(Float32Array.of(0.02 / 8)).buffer);
  for (let at = 0; at < raw.length; at += bytes) raw.set(scale, at);
  return repack("q4_0", raw, columns);
}
