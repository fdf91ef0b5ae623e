import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { indices, load, targets } from "@/ops/check";
import { window } from "@/ops/window";

/** Two sequences of a packed batch, a row of generation's cache far along the axis, and padding that sees one key. */
const SPAN = [0, 1, 0, 2, 0, 3, 0, 4, 4, 5, 4, 6, 4, 7, 64, 90, 64, 65, 0, 1];

test.each([
  [1, [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 89, 90, 64, 65, 0, 1]],
  [3, [0, 1, 0, 2, 0, 3, 1, 4, 4, 5, 4, 6, 4, 7, 87, 90, 64, 65, 0, 1]],
  [100, SPAN],
])("a window of %i keys", async (size, expected) => {
  const { shape, data } = indices([SPAN.length / 2, 2], SPAN);
  for (const target of await targets()) {
    const g = createGraph("window");
    const { y } = window(g, { span: external("span", shape, "u32") }, { size });
    const narrowed = { ...y, storage: { ...y.storage, name: "narrowed", external: true } };
    g.calls.splice(0, 1, ...g.calls.map((item) => ({ ...item, writes: { y: narrowed } })));
    const loaded = await load(target, g, { span: data });
    await loaded.run();
    expect(Array.from(await loaded.words("narrowed")), target.name).toEqual(expected);
    loaded.release();
  }
});
