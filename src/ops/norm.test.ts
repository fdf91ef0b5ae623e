import { test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { compare, load, randoms, targets } from "@/ops/check";
import { globalNorm } from "@/ops/norm";

// 16,384 values are one load for every lane.
test.each([4, 260, 16_384, 20_004])("norm of %i values", async (length) => {
  const x = randoms([length], 1, 3);
  const expected = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0));
  for (const target of await targets()) {
    const g = createGraph("norm");
    globalNorm(g, external("x", [length]), external("norm", [1]));
    const loaded = await load(target, g, { x });
    await loaded.run();
    compare(await loaded.floats("norm"), [expected], 1e-6, target.name);
    loaded.release();
  }
});
