import { test } from "vitest";
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { attention } from "@/ops/attention";
import { packed, reference } from "@/ops/attention-reference";
import { checkOp, indices, input } from "@/ops/check";
import { gpuAsHardware } from "@/ops/check-device";

// Heads, key/value heads, head size, lengths, padding.
test.each([
  [1, 1, 4, [1], 0],
  [2, 1, 12, [3, 1, 4], 2],
  [6, 2, 32, [1, 1, 7], 3],
  [3, 3, 64, [5, 2], 1],
  [4, 2, 4, [70, 1, 20], 5],
  // Edges of tiles: one row more and fewer than four and eight, groups that do not divide a tile, each head size.
  [1, 1, 16, [9, 8, 7], 0],
  [2, 1, 64, [13, 4], 3],
  [3, 1, 16, [5, 1, 1, 1, 6], 1],
  [8, 1, 16, [11, 2], 0],
  [2, 2, 128, [6], 1],
  [3, 1, 256, [5], 0],
  [2, 2, 4, Array<number>(37).fill(2), 1],
])(
  "attention of %i heads over %i of %i values, sequences %j, %i padding",
  async (heads, kvHeads, headDim, lengths, padding) => {
    const shape = { heads, kvHeads, headDim, scale: 1 / Math.sqrt(headDim) };
    const spans = packed(lengths, padding);
    await checkOp({
      inputs: {
        q: input([spans.length, heads * headDim], 1, "flow", 3),
        k: input([spans.length, kvHeads * headDim], 2, "flow"),
        v: input([spans.length, kvHeads * headDim], 3, "flow"),
        span: indices([spans.length, 2], spans.flat()),
      },
      trace: (g, t) => attention(g, t, shape),
      reference: reference(shape, spans),
    });
  },
);

test("rows of a generation look at ranges of a longer cache", async () => {
  const shape = { heads: 4, kvHeads: 2, headDim: 8, scale: 0.3 };
  const spans = [
    [0, 5],
    [8, 9],
    [9, 20],
  ] as const;
  await checkOp({
    inputs: {
      q: input([3, 32], 1),
      k: input([20, 16], 2),
      v: input([20, 16], 3),
      span: indices([3, 2], spans.flat()),
    },
    trace: (g, t) => attention(g, t, shape),
    reference: reference(shape, spans),
  });
});

// Without gradients, as generation runs it: sequences anywhere in the cache, in any order, and rows of one prompt.
const FAR_APART = [
  ...([
    [90, 97],
    [0, 5],
    [5, 6],
    [10, 81],
    [0, 1],
    [60, 70],
    [60, 71],
    [60, 72],
    [60, 73],
    [8, 9],
  ] as const),
];

test.each([
  [3, 1, 16],
  [4, 2, 8],
  [2, 2, 64],
])("attention of %i heads over %i of %i values finds ranges all over a cache", async (heads, kvHeads, headDim) => {
  const shape = { heads, kvHeads, headDim, scale: 0.3 };
  const inCache = {
    inputs: {
      q: input([FAR_APART.length, heads * headDim], 1),
      k: input([100, kvHeads * headDim], 2),
      v: input([100, kvHeads * headDim], 3),
      span: indices([FAR_APART.length, 2], FAR_APART.flat()),
    },
    trace: (g: Graph, t: Readonly<Record<"q" | "k" | "v" | "span", Tensor>>) => attention(g, t, shape),
    reference: reference(shape, FAR_APART),
  };
  await checkOp(inCache);
  await checkOp(inCache, [await gpuAsHardware()]);
});

// A sliding window gives every row its own first key.
test("rows that see their last keys only", async () => {
  const shape = { heads: 4, kvHeads: 2, headDim: 8, scale: 0.3 };
  const spans = Array.from({ length: 21 }, (_, t): [number, number] => [Math.max(0, t - 4), t + 1]);
  await checkOp({
    inputs: {
      q: input([21, 32], 1, "flow", 3),
      k: input([21, 16], 2, "flow"),
      v: input([21, 16], 3, "flow"),
      span: indices([21, 2], spans.flat()),
    },
    trace: (g, t) => attention(g, t, shape),
    reference: reference(shape, spans),
  });
});

test("scores of hundreds stay finite", async () => {
  const shape = { heads: 2, kvHeads: 2, headDim: 4, scale: 1 };
  const spans = packed([6], 0);
  await checkOp({
    inputs: {
      q: input([6, 8], 1, undefined, 20),
      k: input([6, 8], 2, undefined, 20),
      v: input([6, 8], 3),
      span: indices([6, 2], spans.flat()),
    },
    trace: (g, t) => attention(g, t, shape),
    reference: reference(shape, spans),
    // exp of a score near 500 that is exact to 2^-24 of itself
    tolerance: 2e-4,
  });
});
