import { test } from "vitest";
import { checkOp, input, type Numbers } from "@/ops/check";
import { linear } from "@/ops/linear";
import { times, weight } from "@/ops/reference";

// T, K, N: single rows, one lane, lanes past the edge, K and N no multiples of 8, several workgroups each way.
test.each([
  [1, 44, 12, "f16"],
  [3, 12, 36, "f32"],
  [8, 4, 4, "f32"],
  [16, 12, 20, "f16"],
  [72, 36, 28, "f32"],
  [8, 100, 260, "f16"],
] as const)("frozen projection of %i rows, %i to %i, %s", async (rows, k, n, format) => {
  await checkOp({
    inputs: { x: input([rows, k], 1, "flow"), w: weight([n, k], 2, format) },
    trace: (g, { x, w, step }) => ({ y: linear(g, x, w, undefined, step) }),
    reference: ({ x, w }) => ({ y: times(x, w, k) }),
  });
});

// Up to whole matrices on both sides, where an adapter's gradient has one narrow side.
test.each([
  [8, 12, 20],
  [24, 260, 36],
  [72, 36, 132],
])("projection of %i rows, %i to %i, whose weight is trained", async (rows, k, n) => {
  await checkOp({
    inputs: { x: input([rows, k], 1, "flow"), w: input([n, k], 2, "param") },
    trace: (g, { x, w, step }) => ({ y: linear(g, x, w, undefined, step) }),
    reference: ({ x, w }) => ({ y: times(x, w, k) }),
    runs: 2,
  });
});

const adapted =
  (k: number, rank: number, scale: number) =>
  ({ x, w, a, b }: Record<"x" | "w" | "a" | "b", Numbers>) => {
    const low = times(times(x, a, k), b, rank);
    return { y: times(x, w, k).map((value, i) => value + scale * (low[i] ?? Number.NaN)) };
  };

test.each([
  [8, 4, 4, 4, 1, "f32"],
  [16, 12, 20, 8, 2, "f16"],
  [72, 36, 28, 16, 0.5, "f32"],
  [8, 64, 100, 4, 0, "f16"],
  [24, 260, 12, 8, 0.5, "f16"],
] as const)(
  "adapted projection of %i rows, %i to %i, rank %i, scale %f, %s",
  async (rows, k, n, rank, scale, format) => {
    await checkOp({
      inputs: {
        x: input([rows, k], 1, "flow"),
        w: weight([n, k], 2, format),
        a: input([rank, k], 3, "param"),
        b: input([n, rank], 4, "param"),
      },
      trace: (g, { x, w, a, b, step }) => ({ y: linear(g, x, w, { a, b }, step) }),
      reference: adapted(k, rank, scale),
      step: { adapter_scale: scale },
    });
  },
);

// Training's rows come in fours, decoding's do not.
test.each([1, 3])("adapted projection of %i rows, without gradients", async (rows) => {
  await checkOp({
    inputs: {
      x: input([rows, 12], 1),
      w: weight([20, 12], 2),
      a: input([8, 12], 3),
      b: input([20, 8], 4),
    },
    trace: (g, { x, w, a, b, step }) => ({ y: linear(g, x, w, { a, b }, step) }),
    reference: adapted(12, 8, 2),
    step: { adapter_scale: 2 },
  });
});

test("gradients of an adapter add up over runs, and need none of x", async () => {
  await checkOp({
    inputs: {
      x: input([8, 12], 1),
      w: weight([20, 12], 2),
      a: input([8, 12], 3, "param"),
      b: input([20, 8], 4, "param"),
    },
    trace: (g, { x, w, a, b, step }) => ({ y: linear(g, x, w, { a, b }, step) }),
    reference: adapted(12, 8, 2),
    step: { adapter_scale: 2 },
    runs: 2,
  });
});
