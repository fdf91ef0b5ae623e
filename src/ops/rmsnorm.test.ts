import { test } from "vitest";
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { checkOp, input, type Numbers } from "@/ops/check";
import { gpuAsHardware } from "@/ops/check-device";
import { rmsnorm } from "@/ops/rmsnorm";

const reference =
  (width: number, eps: number) =>
  ({ x, w }: Record<"x" | "w", Numbers>) => {
    const y = new Float64Array(x.length);
    for (let row = 0; row < x.length; row += width) {
      let sum = 0;
      for (let i = 0; i < width; i++) sum += (x[row + i] ?? 0) ** 2;
      const r = 1 / Math.sqrt(sum / width + eps);
      for (let i = 0; i < width; i++) y[row + i] = (w[i] ?? 0) * (x[row + i] ?? 0) * r;
    }
    return { y };
  };

test.each([
  [1, 4],
  [2, 12],
  [3, 64],
  [4, 100],
  [8, 576],
])("rmsnorm of %i rows × %i", async (rows, width) => {
  await checkOp({
    inputs: { x: input([rows, width], 1, "flow"), w: input([width], 2) },
    trace: (g, t) => rmsnorm(g, t, { eps: 1e-5 }),
    reference: reference(width, 1e-5),
  });
});

// A weight shorter than the row norms each head.
test.each([
  [3, 4, 16, undefined],
  [2, 1, 36, "param"],
  [9, 5, 16, "param"],
] as const)("rmsnorm of %i rows of %i heads × %i, its weight a %s", async (rows, heads, width, learns) => {
  await checkOp({
    inputs: { x: input([rows, heads * width], 1, "flow"), w: input([width], 2, learns) },
    trace: (g, t) => rmsnorm(g, t, { eps: 1e-5 }),
    reference: reference(width, 1e-5),
  });
});

// Forward alone, because finite differences of so many values take seconds.
test("more heads than one side of a grid takes", async () => {
  await checkOp({
    inputs: { x: input([1367, 3 * 4], 1), w: input([4], 2) },
    trace: (g, t) => rmsnorm(g, t, { eps: 1e-5 }),
    reference: reference(4, 1e-5),
  });
});

// Sums through workgroup memory, more values than lanes and fewer.
test.each([
  [3, 576],
  [2, 12],
])("rmsnorm of %i rows × %i as on hardware, its weight trained", async (rows, width) => {
  const test = {
    inputs: { x: input([rows, width], 1, "flow"), w: input([width], 2, "param") },
    trace: (g: Graph, t: Readonly<Record<"x" | "w", Tensor>>) => rmsnorm(g, t, { eps: 1e-5 }),
    reference: reference(width, 1e-5),
  };
  await checkOp(test, [await gpuAsHardware()]);
});
