/**
 * A model's matrices as ONNX tensors, read as f32 and written as f32, f16, or in blocks of 32 values of 8 bits:
 * x ≈ s (q - 128), s = max|x| / 127, which onnxruntime's MatMulNBits multiplies as they are.
 */
import { encodeFloats } from "@/export/floats";
import type { ElementType, TensorBytes } from "@/export/onnx/graph";
import type { Bytes } from "@/export/onnx/protobuf";

/** The values of a model's tensors, the adapter merged in. */
export interface MergedWeights {
  shapeOf(name: string): readonly number[];
  /** Whole rows, in order, as f32; starts anew on every call. */
  rows(name: string): AsyncIterable<Float32Array<ArrayBuffer>>;
}

export const BLOCK = 32;
const ZERO = 128;

const length = (shape: readonly number[]) => shape.reduce((product, n) => product * n, 1);

/** Rows converted one piece after another. */
function converted(
  weights: MergedWeights,
  name: string,
  type: ElementType,
  dims: readonly number[],
  bytes: number,
  convert: (values: Float32Array<ArrayBuffer>) => Bytes,
): TensorBytes {
  return {
    type,
    dims,
    bytes,
    async *chunks() {
      for await (const values of weights.rows(name)) yield convert(values);
    },
  };
}

export function floatTensor(weights: MergedWeights, name: string, type: "f32" | "f16"): TensorBytes {
  const dims = weights.shapeOf(name);
  const convert = (values: Float32Array<ArrayBuffer>): Bytes => encodeFloats(values, type, name);
  return converted(weights, name, type, dims, length(dims) * (type === "f16" ? 2 : 4), convert);
}

/** [rows, columns / 32, 32] codes */
export function blockCodes(weights: MergedWeights, name: string): TensorBytes {
  const [rows = 0, columns = 0] = weights.shapeOf(name);
  const dims = [rows, columns / BLOCK, BLOCK];
  return converted(weights, name, "u8", dims, rows * columns, (values) => {
    const codes = new Uint8Array(values.length);
    for (let at = 0; at < values.length; at += BLOCK) {
      const scale = scaleOf(values, at);
      const inverse = scale === 0 ? 0 : 1 / scale;
      for (let i = at; i < at + BLOCK; i++) codes[i] = Math.round((values[i] as number) * inverse) + ZERO;
    }
    return codes;
  });
}

/** [rows · columns / 32] */
export function blockScales(weights: MergedWeights, name: string): TensorBytes {
  const blocks = length(weights.shapeOf(name)) / BLOCK;
  return converted(weights, name, "f32", [blocks], blocks * 4, (values) => {
    const scales = new Float32Array(values.length / BLOCK);
    for (let i = 0; i < scales.length; i++) scales[i] = scaleOf(values, i * BLOCK);
    return new Uint8Array(scales.buffer);
  });
}

function scaleOf(values: Float32Array, at: number): number {
  let most = 0;
  for (let i = at; i < at + BLOCK; i++) most = Math.max(most, Math.abs(values[i] as number));
  return Math.fround(most / 127);
}
