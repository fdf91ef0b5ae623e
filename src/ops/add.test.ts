import { expect, test } from "vitest";
import { createGraph, external } from "@/graph/graph";
import { add } from "@/ops/add";
import { type Case, checkOp, input, load, type Numbers, targets } from "@/ops/check";

const sum: Case<"a" | "b">["reference"] = ({ a, b }) => ({
  y: Float64Array.from(a, (value, i) => value + (b[i] ?? Number.NaN)),
});
const reference = (inputs: Record<"a" | "b", Numbers>) => sum(inputs);

test.each([[4], [260], [3, 100]])("sum of %i × %i", async (...shape) => {
  await checkOp({
    inputs: { a: input(shape, 1, "flow"), b: input(shape, 2, "flow") },
    trace: (g, t) => add(g, t, null),
    reference,
  });
});

test("x + x gives x twice the gradient", async () => {
  await checkOp({
    inputs: { x: input([8, 20], 3, "flow") },
    trace: (g, { x }) => add(g, { a: x, b: x }, null),
    reference: ({ x }) => reference({ a: x, b: x }),
  });
});

test("more workgroups than one dimension of the grid holds", async () => {
  const length = 256 * 32_768 + 1028;
  const a = Float32Array.from({ length }, (_, i) => i % 1021);
  const b = Float32Array.from({ length }, (_, i) => 1024 * (i % 509));
  for (const target of await targets()) {
    const g = createGraph("long");
    const { y } = add(g, { a: external("a", [length]), b: external("b", [length]) }, null);
    const out = { ...y, storage: external("y", [length]).storage };
    const last = g.calls[0];
    if (!last) throw new Error("no call");
    expect(last.grid[1]).toBe(2);
    g.calls.splice(0, 1, { ...last, writes: { y: out } });
    const loaded = await load(target, g, { a, b });
    await loaded.run();
    const got = await loaded.floats("y");
    expect(
      got.findIndex((value, i) => value !== (a[i] ?? 0) + (b[i] ?? 0)),
      target.name,
    ).toBe(-1);
    loaded.release();
  }
});
