import { test } from "vitest";
import { bias } from "@/ops/bias";
import { checkOp, input, type Numbers } from "@/ops/check";

test.each([
  [1, 4],
  [5, 12],
  [8, 100],
])("bias of %i rows × %i", async (rows, width) => {
  await checkOp({
    inputs: { x: input([rows, width], 1, "flow"), b: input([width], 2) },
    trace: (g, t) => bias(g, t, null),
    reference: ({ x, b }: Record<"x" | "b", Numbers>) => ({
      y: Float64Array.from(x, (value, i) => value + (b[i % width] ?? Number.NaN)),
    }),
  });
});
