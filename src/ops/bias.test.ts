import { test } from "vitest";
import { bias } from "@/ops/bias";
import { checkOp, input, type Numbers } from "@/ops/check";

test.each([
  [1, 4, undefined],
  [5, 12, "param"],
  [8, 100, undefined],
  [70, 100, "param"],
] as const)("bias of %i rows × %i, itself a %s", async (rows, width, learns) => {
  await checkOp({
    inputs: { x: input([rows, width], 1, "flow"), b: input([width], 2, learns) },
    trace: (g, t) => bias(g, t, null),
    reference: ({ x, b }: Record<"x" | "b", Numbers>) => ({
      y: Float64Array.from(x, (value, i) => value + (b[i % width] ?? Number.NaN)),
    }),
  });
});
