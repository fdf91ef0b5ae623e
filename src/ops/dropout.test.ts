import { expect, test } from "vitest";
import { checkOp, input, type Numbers } from "@/ops/check";
import { dropout } from "@/ops/dropout";
import { linear } from "@/ops/linear";
import { times, weight } from "@/ops/reference";

function pcg(value: number): number {
  const state = (Math.imul(value, 747796405) + 2891336453) >>> 0;
  const word = Math.imul((state >>> ((state >>> 28) + 4)) ^ state, 277803737) >>> 0;
  return ((word >>> 22) ^ word) >>> 0;
}
const fallen = (x: Numbers, rate: number, site: number, seed: number) =>
  Array.from(x, (value, i) => (pcg(i ^ pcg(site ^ pcg(seed))) >>> 8 < rate * 2 ** 24 ? 0 : value / (1 - rate)));

test.each([
  [[8, 12], 0.5, 3, 77],
  [[72, 260], 0.125, 40, 12_345_678],
] as const)("values %j at rate %f", async (shape, rate, site, seed) => {
  const x = input(shape, 1);
  const zeros = fallen(x.data, rate, site, seed).filter((value) => value === 0).length;
  const count = x.data.length;
  expect(Math.abs(zeros / count - rate)).toBeLessThan(4 * Math.sqrt((rate * (1 - rate)) / count));
  await checkOp({
    inputs: { x },
    trace: (g, tensors) => ({ y: dropout(g, tensors.x, tensors.step, { rate, site }) }),
    reference: (tensors) => ({ y: fallen(tensors.x, rate, site, seed) }),
    step: { seed },
  });
});

test.each([
  [8, 12, 20, 8],
  [72, 36, 28, 4],
] as const)("every gradient of an adapted projection of %i rows, %i to %i, rank %i", async (rows, k, n, rank) => {
  const [rate, site, seed, scale] = [0.25, 5, 901, 0.5];
  await checkOp({
    inputs: {
      x: input([rows, k], 1, "flow"),
      w: weight([n, k], 2, "f32"),
      a: input([rank, k], 3, "param"),
      b: input([n, rank], 4, "param"),
    },
    trace: (g, { x, w, a, b, step }) => ({ y: linear(g, x, w, { a, b, dropout: { rate, site } }, step) }),
    reference: ({ x, w, a, b }) => {
      const low = times(times(fallen(x, rate, site, seed), a, k), b, rank);
      return { y: times(x, w, k).map((value, i) => value + scale * (low[i] ?? Number.NaN)) };
    },
    step: { adapter_scale: scale, seed },
  });
});
