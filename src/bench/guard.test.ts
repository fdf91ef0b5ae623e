/**
 * Not timings, which a shared machine would spoil, but what timings follow from: how many launches a step has, how much of
 * its work is done twice, and how close its memory is to the least possible. A change that costs here has to say so.
 */
import { expect, test } from "vitest";
import { SHAPES } from "@/bench/shapes";
import { planStep } from "@/bench/step";
import { slotBytes } from "@/graph/plan";
import { modelTensors } from "@/model/weights";

const plan = (tokens: number, keepActivations = false) => {
  const { arch } = SHAPES["smollm2-135m"];
  return planStep(arch, modelTensors(arch, "f32"), { tokens, rank: 16, keepActivations });
};

test("a step of the 135M shape launches no more kernels than it did", () => {
  const { program, optimizer } = plan(512);
  expect(program.calls.length + optimizer.calls.length).toBeLessThanOrEqual(2_700);
  expect(optimizer.calls.length).toBeLessThanOrEqual(3);
});

test.each([
  ["smollm2-135m", 256],
  ["smollm2-135m", 512],
  ["qwen3-0.6b", 256],
  ["ember", 512],
] as const)("slots of %s at %i tokens are at most 1.15 of what is alive at once", (name, tokens) => {
  const { arch } = SHAPES[name];
  const { program } = planStep(arch, modelTensors(arch, "f32"), { tokens, rank: 16 });
  expect(slotBytes(program) / program.peakBytes).toBeLessThanOrEqual(1.15);
});

test("checkpointing repeats less than a third of the other work", () => {
  const { flops } = plan(512);
  expect(flops.recomputed / (flops.total - flops.recomputed)).toBeLessThan(0.35);
});
