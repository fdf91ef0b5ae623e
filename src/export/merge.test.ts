import { expect, test } from "vitest";
import { mergedRows } from "@/export/merge";
import type { Located } from "@/model/located";

const wave = (count: number, seed: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(seed + i * 1.7));

test("a pair with magnitudes gives rows of W + s·B·A of those lengths", async () => {
  const [outputs, inputs, rank, scale] = [6, 8, 2, 0.5];
  const w = wave(outputs * inputs, 1);
  const pair = {
    a: wave(rank * inputs, 2),
    b: wave(outputs * rank, 3),
    m: Float32Array.of(1, 2, 3, 4, 5, 6),
    rank,
    scale,
  };
  const located: Located = {
    shape: [outputs, inputs],
    stored: "f32",
    group: 1,
    read: async (first, rows) => new Uint8Array(w.slice(first * inputs, (first + rows) * inputs).buffer),
  };
  const merged: number[] = [];
  for await (const values of mergedRows(located, pair)) merged.push(...values);
  for (let o = 0; o < outputs; o++) {
    const row = Array.from({ length: inputs }, (_, k) => {
      let low = 0;
      for (let r = 0; r < rank; r++) low += (pair.b[o * rank + r] ?? 0) * (pair.a[r * inputs + k] ?? 0);
      return (w[o * inputs + k] ?? 0) + scale * low;
    });
    const length = Math.hypot(...row);
    row.forEach((value, k) => {
      expect(merged[o * inputs + k]).toBeCloseTo(((o + 1) * value) / length, 5);
    });
  }
});
