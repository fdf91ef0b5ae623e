import { test } from "vitest";
import { checkOp, indices, input } from "@/ops/check";
import { rope, ropeTable } from "@/ops/rope";

test.each([
  [4, 1, [0]],
  [12, 3, [0, 1, 2, 0, 1, 0, 6]],
  [32, 2, [5, 6, 7, 0]],
  [64, 5, [0, 1, 0, 6, 3, 2, 2, 1]],
])("rope with head size %i, %i heads, positions %j", async (headDim, heads, positions) => {
  const half = headDim / 2;
  const frequencies = Array.from({ length: half }, (_, i) => 10_000 ** (-i / half));
  const width = heads * headDim;
  await checkOp({
    inputs: {
      x: input([positions.length, width], 1, "flow"),
      positions: indices([positions.length], positions),
      table: { shape: [8, half, 2], data: ropeTable(8, frequencies) },
    },
    trace: (g, t) => rope(g, t, { headDim }),
    reference: ({ x }) => ({
      // Each value turns with its partner half a head away, as in Hugging Face's rotate_half.
      y: Float64Array.from(x, (value, at) => {
        const i = at % headDim;
        const angle = (positions[Math.floor(at / width)] ?? 0) * (frequencies[i % half] ?? 0);
        const partner = i < half ? -(x[at + half] ?? 0) : (x[at - half] ?? 0);
        return value * Math.cos(angle) + partner * Math.sin(angle);
      }),
    }),
    tolerance: 1e-6,
  });
});
