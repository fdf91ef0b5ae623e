import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { writeCache } from "@/ops/cache";
import { load, randoms, targets } from "@/ops/check";

const NONE = 0xffffffff;

test.each([
  [4, 4, [2]],
  [12, 7, [6, NONE, 0, 3]],
  [260, 5, [NONE, 4]],
])("rows of %i into a cache of %i at %j, the rest untouched", async (width, size, slots) => {
  const x = randoms([slots.length, width], 1);
  const cache = randoms([size, width], 2);
  const expected = cache.slice();
  slots.forEach((slot, t) => {
    if (slot !== NONE) expected.set(x.subarray(t * width, (t + 1) * width), slot * width);
  });
  for (const target of await targets()) {
    const g = createGraph("cache");
    const symbols = [external("x", [slots.length, width]), external("slots", [slots.length], "u32")] as const;
    writeCache(g, ...symbols, external("cache", [size, width]));
    const loaded = await load(target, g, { x, slots: Uint32Array.from(slots), cache });
    await loaded.run();
    expect(await loaded.floats("cache"), target.name).toEqual(expected);
    loaded.release();
  }
});
