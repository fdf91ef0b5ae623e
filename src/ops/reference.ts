/** Plain float64 versions of what several ops share. Tests compare every target with them. */
import { elements } from "@/graph/graph";
import type { Input, Numbers } from "@/ops/check";
import { randoms } from "@/ops/check";
import { f16ToF32, f32ToF16 } from "@/util/bytes";

const at = (values: Numbers, i: number) => values[i] ?? Number.NaN;

/** x · wᵀ.  x: [T, K]  w: [N, K] → [T, N] */
export function times(x: Numbers, w: Numbers, k: number): Float64Array {
  const n = w.length / k;
  const y = new Float64Array((x.length / k) * n);
  for (let i = 0; i < y.length; i++) {
    const row = Math.floor(i / n) * k;
    const column = (i % n) * k;
    for (let j = 0; j < k; j++) y[i] = at(y, i) + at(x, row + j) * at(w, column + j);
  }
  return y;
}

/** w · x / rms(x), per row.  x: [T, C]  w: [C] */
export function normalized(x: Numbers, w: Numbers, eps: number): Float64Array {
  const width = w.length;
  const y = new Float64Array(x.length);
  for (let row = 0; row < x.length; row += width) {
    let sum = 0;
    for (let i = 0; i < width; i++) sum += at(x, row + i) ** 2;
    const r = 1 / Math.sqrt(sum / width + eps);
    for (let i = 0; i < width; i++) y[row + i] = at(w, i) * at(x, row + i) * r;
  }
  return y;
}

/** Softmax of one row. */
export function softmax(z: Numbers): Float64Array {
  const largest = Math.max(...Array.from(z));
  const powers = Float64Array.from(z, (value) => Math.exp(value - largest));
  const total = powers.reduce((sum, value) => sum + value, 0);
  return powers.map((value) => value / total);
}

/** A random weight, in f16 as stored, and its exact values. */
export function weight(shape: readonly number[], seed: number, format: "f32" | "f16" = "f32", scale = 1): Input {
  const data = randoms(shape, seed, scale);
  if (format === "f32") return { shape, data };
  // An even count, because buffers are whole words.
  const stored = f32ToF16(data);
  if (elements(shape) % 2 !== 0) throw new Error("an odd number of f16 values");
  return { shape, data: f16ToF32(stored), stored, format };
}
