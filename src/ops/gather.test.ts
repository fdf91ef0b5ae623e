import { test } from "vitest";
import { checkOp, indices, input } from "@/ops/check";
import { gather } from "@/ops/gather";

const NONE = 0xffffffff;

test.each([
  ["one", 1, 4, [0]],
  ["some", 6, 12, [1, 4, 5, NONE]],
  ["none", 3, 36, [NONE, NONE]],
  ["all, turned about", 5, 100, [4, 3, 2, 1, 0]],
  ["more slots than rows", 2, 260, [NONE, 1, NONE, 0, NONE]],
])("gather %s of %i rows × %i", async (_, count, width, rows) => {
  const slots = Array.from({ length: count }, (_, t) => (rows.includes(t) ? rows.indexOf(t) : NONE));
  await checkOp({
    inputs: {
      x: input([count, width], 1, "flow"),
      rows: indices([rows.length], rows),
      slots: indices([count], slots),
    },
    trace: (g, t) => gather(g, t, null),
    reference: ({ x }) => ({
      y: rows.flatMap((row) => Array.from({ length: width }, (_, i) => (row === NONE ? 0 : (x[row * width + i] ?? 0)))),
    }),
    tolerance: 1e-7,
  });
});
