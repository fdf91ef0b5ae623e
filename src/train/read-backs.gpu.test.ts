/**
 * Nothing waits for a read-back: with every one of them held up, the trainer still enqueues step after step on a GPU, and stops
 * only when the losses of two steps are on their way. The CPU has a step's losses when it has done the step, so they are told
 * then. Counted at the device: each is one mapping of a buffer, and there are no more.
 */
import { expect, test } from "vitest";
import * as z from "zod/mini";
import type { Target } from "@/graph/target";
import { targets } from "@/ops/check";
import { itemFeed } from "@/train/feed";
import { openGolden, readGolden } from "@/train/goldens";
import { parseRecipe } from "@/train/recipe";
import { sft } from "@/train/sft";
import { type TrainerEvent, train } from "@/train/trainer";

const STEPS = 6;
const IN_FLIGHT = { webgpu: 3, cpu: 1 };
const Rows = z.looseObject({
  training: z.looseObject({ rows: z.array(z.looseObject({ ids: z.array(z.int()), labels: z.array(z.int()) })) }),
});

/** A target whose read-backs are noted by their buffer's name, and arrive once they are let through. */
function held(target: Target) {
  const asked: string[] = [];
  const doors: (() => void)[] = [];
  let open = false;
  const read: Target["read"] = (buffer, ...range) => {
    asked.push(buffer.label);
    const value = target.read(buffer, ...range);
    return open ? value : new Promise<void>((pass) => doors.push(pass)).then(() => value);
  };
  const letThrough = (count: number) => {
    for (const pass of doors.splice(0, count)) pass();
  };
  const letAllThrough = () => {
    open = true;
    letThrough(doors.length);
  };
  return { target: { ...target, read }, asked, letThrough, letAllThrough };
}

/** Mappings of GPU buffers from now on. */
function countMappings() {
  const { prototype } = GPUBuffer;
  const { mapAsync } = prototype;
  const counted = { mappings: 0, stop: () => Object.assign(prototype, { mapAsync }) };
  prototype.mapAsync = function (...given) {
    counted.mappings++;
    return mapAsync.apply(this, given);
  };
  return counted;
}

const turn = () => new Promise((resolve) => setTimeout(resolve, 5));

test.each((await targets()).map((target) => [target.name, target] as const))(
  "on %s: two read-backs a step, and no step of a GPU waits for those of the two before",
  async (_, opened) => {
    const { target, asked, letThrough, letAllThrough } = held(opened);
    const { runtime, layout, adapter } = await openGolden("llama-gqa", target);
    const { training } = z.parse(Rows, readGolden("llama-gqa"));
    const recipe = parseRecipe({
      lora: { rank: layout.rank, alpha: layout.alpha },
      schedule: { steps: STEPS },
      batch: { size: 2, accumulate: 1 },
    });
    const objective = sft(recipe.sft);
    const items = training.rows.map((row) => [row]);
    const feed = itemFeed({
      ...{ train: items, held: [], recipe, measure: objective },
      order: Array.from({ length: STEPS }, () => [0, 1]).values(),
    });
    const counted = countMappings();
    asked.length = 0;
    const reads = (label: string) => asked.filter((name) => name === label).length;
    const events = train({ runtime, layout, adapter, recipe, objective, feed });
    expect((await events.next()).value).toEqual({ type: "compiled" });
    const first = events.next();
    let arrived = false;
    first.then(() => {
      arrived = true;
    });
    while (reads("norm") < IN_FLIGHT[target.name]) await turn();
    for (let i = 0; i < 20; i++) await turn();
    expect(reads("norm")).toBe(IN_FLIGHT[target.name]);
    expect(arrived).toBe(false);

    // The guard's copy of the start, then the first step's losses and norm.
    expect(asked.slice(0, 3)).toEqual(["adapter", "nll", "norm"]);
    letThrough(3);
    const rest: (TrainerEvent | undefined)[] = [(await first).value ?? undefined];
    letAllThrough();
    for await (const event of events) rest.push(event);
    counted.stop();
    expect(rest.map((event) => event?.type === "step" && event.step)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(asked).toHaveLength(1 + 2 * STEPS);
    if (target.name === "webgpu") expect(counted.mappings).toBe(asked.length);
  },
);
