import { expect, test } from "vitest";
import { addGradient, backward, type Gradients } from "@/graph/backward";
import { checkpoint } from "@/graph/checkpoint";
import { createGraph, elements, external, scope } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep, STEP_BYTES } from "@/graph/step";
import type { Tensor } from "@/graph/target";
import { add } from "@/ops/add";
import { compare, load, randoms, targets } from "@/ops/check";
import { linear } from "@/ops/linear";
import { rmsnorm } from "@/ops/rmsnorm";

const LAYERS = 3;
const ROWS = 8;
const WIDTH = 12;
const WIDE = 20;

/** Blocks x + down(up(norm(x))) with an adapter on both projections. */
function trace(checkpointed: boolean) {
  const g = createGraph("blocks");
  const step = external("step", [STEP_BYTES / 4]);
  const learned = (name: string, shape: readonly number[]): Tensor => ({
    ...external(name, shape),
    needsGrad: true,
    grad: external(`d${name}`, shape),
  });
  const projection = (name: string, x: Tensor, k: number, n: number) =>
    linear(g, x, external(name, [n, k]), { a: learned(`${name}.a`, [4, k]), b: learned(`${name}.b`, [n, 4]) }, step);
  const block = (x: Tensor, layer: number) => {
    const normed = rmsnorm(g, { x, w: external("norm", [WIDTH]) }, { eps: 1e-5 }).y;
    const wide = projection(`${layer}.up`, normed, WIDTH, WIDE);
    return add(g, { a: x, b: projection(`${layer}.down`, wide, WIDE, WIDTH) }, null).y;
  };
  let x = external("x", [ROWS, WIDTH]);
  for (let layer = 0; layer < LAYERS; layer++) {
    x = scope(g, `${layer}`, () => (checkpointed ? checkpoint(g, x, (y) => block(y, layer)) : block(x, layer)));
  }
  const gradients: Gradients = new Map();
  addGradient(g, gradients, x, external("upstream", x.shape));
  backward(g, g.tape, gradients);
  return g;
}

test("gradients with and without checkpointing are equal, and it needs less memory", async () => {
  const plain = trace(false);
  const saving = trace(true);
  expect(compileGraph(saving).peakBytes).toBeLessThan(compileGraph(plain).peakBytes);
  const tensors = plain.calls.flatMap(({ reads, writes }) => [...Object.values(reads), ...Object.values(writes)]);
  const inputs = new Map(tensors.filter(({ storage }) => storage.external).map((t) => [t.storage.name, t]));
  const learned = [...inputs.keys()].filter((name) => name.startsWith("d"));
  expect(learned).toHaveLength(LAYERS * 4);
  const contents: Record<string, ArrayBufferView> = {};
  [...inputs.values()].forEach(({ storage, shape }, i) => {
    if (!learned.includes(storage.name)) contents[storage.name] = randoms([elements(shape)], i);
  });
  contents.step = packStep({ ...NO_STEP, adapter_scale: 0.5 });
  for (const target of await targets()) {
    const [a, b] = [await load(target, plain, contents), await load(target, saving, contents)];
    await a.run();
    await b.run();
    for (const name of learned) {
      const expected = await a.floats(name);
      expect(Math.max(...expected.map(Math.abs)), `${name} teaches`).toBeGreaterThan(1e-3);
      compare(await b.floats(name), expected, 1e-6, `${target.name} ${name}`);
    }
    a.release();
    b.release();
  }
});
