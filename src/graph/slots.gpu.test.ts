/** Programs of several sizes that take turns in one pool of slots: made, run and dropped in either order, on every target. */
import { expect, test } from "vitest";
import { keep } from "@/bench/keep";
import { createGraph, elements, external } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import type { Target } from "@/graph/target";
import { add } from "@/ops/add";
import { compare, load, randoms, targets } from "@/ops/check";

const SIZES = [64, 4096, 65_536] as const;
const shapeOf = (size: number) => [size / 4, 4] as const;
const opened = (await targets()).map((target) => [target.name, target] as const);

/** y = 8x, through values that share slots. */
function chain(size: number) {
  const g = createGraph(`chain of ${size}`);
  const x = external("x", shapeOf(size));
  const twice = add(g, { a: x, b: x }, null).y;
  const thrice = add(g, { a: twice, b: x }, null).y;
  const five = add(g, { a: thrice, b: twice }, null).y;
  keep(g, { y: add(g, { a: five, b: thrice }, null).y });
  return g;
}

async function open(target: Target, size: number) {
  const x = randoms(shapeOf(size), size);
  const expected = x.map((value) => 8 * value);
  const loaded = await load(target, chain(size), { x });
  const check = async () => {
    loaded.write("y", new Float32Array(elements(shapeOf(size))));
    await loaded.run();
    compare(await loaded.floats("y"), expected, 1e-5, `${target.name} ${size}`);
  };
  return { check, release: loaded.release };
}

test.each(opened)("%s: programs that came before or after keep running as others go", async (_, target) => {
  for (const sizes of [SIZES, SIZES.toReversed()]) {
    const held = [];
    for (const size of sizes) {
      held.push(await open(target, size));
      for (const each of held) await each.check();
    }
    // The first goes, and one that needs more than it left comes, while the others stay.
    while (held.length > 0) {
      held.shift()?.release();
      const larger = await open(target, 2 * SIZES[2]);
      for (const each of [...held, larger, ...held]) await each.check();
      larger.release();
    }
  }
});

test.each(opened)(
  "%s: dropped while it runs, its result still comes, and its slots serve the next",
  async (_, target) => {
    for (const sizes of [SIZES, SIZES.toReversed()]) {
      for (const size of sizes) {
        const program = compileGraph(chain(size));
        const bytes = 4 * elements(shapeOf(size));
        const [x, y] = [target.allocate(bytes, "x"), target.allocate(bytes, "y")];
        target.write(x, new Float32Array(bytes / 4).fill(1));
        const executable = await target.compile(program, new Map(Object.entries({ x, y })));
        const running = executable.run();
        target.discard(executable);
        // Needs more than is there, so that idle slots are freed at once.
        const next = await open(target, 4 * size);
        await running;
        expect(new Set(new Float32Array(await target.read(y)))).toEqual(new Set([8]));
        await next.check();
        next.release();
        for (const buffer of [x, y]) target.free(buffer);
        await expect(async () => executable.run()).rejects.toThrow("discarded");
      }
    }
  },
);

test.each(opened)("%s: a program that cannot be made leaves no slots held", async (_, target) => {
  const huge = 2 ** 20;
  const before = target.liveBytes();
  await expect(target.compile(compileGraph(chain(huge)), new Map())).rejects.toThrow("no buffer for");
  expect(target.liveBytes()).toBeGreaterThan(before);
  // More than what was left behind: that goes.
  const next = await open(target, 2 * huge);
  const slots = compileGraph(chain(2 * huge)).slots.reduce((sum, bytes) => sum + bytes, 0);
  next.release();
  expect(target.liveBytes()).toBeLessThanOrEqual(before + slots);
});
