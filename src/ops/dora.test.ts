import { test } from "vitest";
import { checkOp, input } from "@/ops/check";
import { dora } from "@/ops/dora";
import { linear } from "@/ops/linear";
import { times, weight } from "@/ops/reference";

const norms = (count: number) => ({
  shape: [count],
  data: Float32Array.from({ length: count }, (_, i) => 0.5 + i / 7),
});

test.each([
  [5, 12, 0.5],
  [70, 100, 2],
  [6, 8, 0],
] as const)("%i rows of %i, the adapter's scale %f", async (rows, width, scale) => {
  await checkOp({
    inputs: {
      u: input([rows, width], 1, "flow"),
      m: input([width], 2, scale === 0 ? undefined : "param"),
      norm: norms(width),
    },
    trace: (g, { u, m, norm, step }) => dora(g, { u, m, norm, step }, null),
    reference: ({ u, m, norm }) => ({
      y: Float64Array.from(u, (x, i) => (scale === 0 ? x : (x * (m[i % width] ?? 0)) / (norm[i % width] ?? 0))),
    }),
    step: { adapter_scale: scale },
  });
});

test("every gradient of a projection with pair and magnitude", async () => {
  const [rows, k, n, rank, scale] = [16, 20, 12, 4, 0.5];
  await checkOp({
    inputs: {
      x: input([rows, k], 1, "flow"),
      w: weight([n, k], 2, "f32"),
      a: input([rank, k], 3, "param"),
      b: input([n, rank], 4, "param"),
      m: input([n], 5, "param"),
      norm: norms(n),
    },
    trace: (g, { x, w, a, b, m, norm, step }) => ({ y: linear(g, x, w, { a, b, magnitude: { m, norm } }, step) }),
    reference: ({ x, w, a, b, m, norm }) => {
      const low = times(times(x, a, k), b, rank);
      const length = (i: number) => (m[i % n] ?? 0) / (norm[i % n] ?? 0);
      return { y: times(x, w, k).map((value, i) => length(i) * (value + scale * (low[i] ?? Number.NaN))) };
    },
    step: { adapter_scale: scale },
  });
});
