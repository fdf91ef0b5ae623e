import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import type { WeightFormat } from "@/graph/target";
import { quantise } from "@/model/quantize";
import { dequantise } from "@/model/weight-formats";
import { compare, load, randoms, targets } from "@/ops/check";
import { rowNorm } from "@/ops/row-norm";

test.each([
  [8, 12, 4, "f32"],
  [20, 576, 8, "f32"],
  [12, 320, 4, "q8_0"],
  [9, 192, 12, "nf4"],
] as const)("%i rows of %i values with a pair of rank %i, in %s", async (rows, columns, rank, format) => {
  const plain = randoms([rows, columns], 1) as Float32Array<ArrayBuffer>;
  const stored = format === "f32" ? undefined : quantise(format, plain, columns);
  const w = stored ? dequantise(format as WeightFormat, stored, columns) : plain;
  const [a, b, scale] = [randoms([rank, columns], 2), randoms([rows, rank], 3), 0.75];
  const expected = Float64Array.from({ length: rows }, (_, o) => {
    let sum = 0;
    for (let k = 0; k < columns; k++) {
      let value = w[o * columns + k] ?? Number.NaN;
      for (let r = 0; r < rank; r++) value += scale * (b[o * rank + r] ?? 0) * (a[r * columns + k] ?? 0);
      sum += value * value;
    }
    return Math.sqrt(sum);
  });
  expect(new Set(expected).size).toBe(rows);
  for (const target of await targets()) {
    const g = createGraph("lengths");
    const weight = external("w", [rows, columns], format, stored?.byteLength);
    const pair = { a: external("a", [rank, columns]), b: external("b", [rows, rank]) };
    rowNorm(g, { w: weight, ...pair, step: external("step", [STEP_BYTES / 4]) }, external("norm", [rows]));
    const contents = { w: stored ?? plain, a, b, step: packStep({ ...NO_STEP, adapter_scale: scale }) };
    const loaded = await load(target, g, contents);
    await loaded.run();
    compare(await loaded.floats("norm"), expected, 1e-6, target.name);
    loaded.release();
  }
});
