/**
 * Values as the floats of a file. What a format cannot hold is said instead of written: an infinity in one matrix makes
 * every answer of a model nonsense, and nobody would find which.
 */
import { AppError } from "@/errors";
import { f32ToBf16, f32ToF16 } from "@/util/bytes";

export type FloatType = "f32" | "f16" | "bf16";

/** Magnitudes from here on round to infinity: half a step above the largest value of five, and of eight, exponent bits. */
const ENDS: Readonly<Record<FloatType, number>> = {
  f32: Number.POSITIVE_INFINITY,
  f16: 65520,
  bf16: 2 ** 128 * (1 - 2 ** -9),
};

/** Throws "export/range" that names the tensor and its value. */
export function encodeFloats(
  values: Float32Array<ArrayBuffer>,
  type: FloatType,
  tensor: string,
): Uint8Array<ArrayBuffer> {
  requireRange(values, type, tensor);
  const stored = type === "f32" ? values : type === "f16" ? f32ToF16(values) : f32ToBf16(values);
  return new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
}

function requireRange(values: Float32Array, type: FloatType, tensor: string): void {
  const end = ENDS[type];
  for (let i = 0; i < values.length; i++) {
    // Written so that NaN fails it.
    if (Math.abs(values[i] as number) < end) continue;
    const value = values[i] as number;
    if (!Number.isFinite(value)) {
      throw new AppError("export/range", `${tensor} holds ${value}, which is no weight.`, {
        hint: "The base is damaged, or the run exploded: train again with a lower learning rate.",
      });
    }
    throw new AppError("export/range", `${tensor} holds ${value.toPrecision(4)}, beyond what ${type} can say.`, {
      hint: type === "f16" ? "Export it as bf16 or f32." : "Export it as f32.",
    });
  }
}
