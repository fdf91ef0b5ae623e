import { test } from "vitest";
import { attention } from "@/ops/attention";
import { checkOp, indices, input, type Numbers } from "@/ops/check";
import { softmax } from "@/ops/reference";

interface Shape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scale: number;
}

const reference =
  ({ heads, kvHeads, headDim, scale }: Shape, spans: readonly (readonly [number, number])[]) =>
  ({ q, k, v }: Record<"q" | "k" | "v" | "span", Numbers>) => {
    const y = new Float64Array(q.length);
    const dots = (row: number, key: number) => {
      let sum = 0;
      for (let i = 0; i < headDim; i++) sum += (q[row + i] ?? 0) * (k[key + i] ?? 0);
      return scale * sum;
    };
    spans.forEach(([first, last], t) => {
      for (let head = 0; head < heads; head++) {
        const row = (t * heads + head) * headDim;
        const keys = Array.from({ length: last - first }, (_, j) => {
          return ((first + j) * kvHeads + Math.floor((head * kvHeads) / heads)) * headDim;
        });
        const p = softmax(keys.map((key) => dots(row, key)));
        keys.forEach((key, j) => {
          for (let i = 0; i < headDim; i++) y[row + i] = (y[row + i] ?? 0) + (p[j] ?? 0) * (v[key + i] ?? 0);
        });
      }
    });
    return { y };
  };

/** Sequences end to end; padding rows see themselves alone. */
function packed(lengths: readonly number[], padding: number): [number, number][] {
  let start = 0;
  return [...lengths, ...Array<number>(padding).fill(1)].flatMap((length) => {
    const first = start;
    start += length;
    return Array.from({ length }, (_, i): [number, number] => [first, first + i + 1]);
  });
}

// Heads, key/value heads, head size, lengths, padding.
test.each([
  [1, 1, 4, [1], 0],
  [2, 1, 12, [3, 1, 4], 2],
  [6, 2, 32, [1, 1, 7], 3],
  [3, 3, 64, [5, 2], 1],
  [4, 2, 4, [70, 1, 20], 5],
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
