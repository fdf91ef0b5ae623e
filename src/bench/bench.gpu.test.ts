/** The bench itself, on both engines and models small enough for a test. */
import { expect, test } from "vitest";
import { measureHead } from "@/bench/head";
import { type RandomFormat, randomRuntime } from "@/bench/random-model";
import type { BenchReport } from "@/bench/report";
import { SHAPES } from "@/bench/shapes";
import { measureStep, planStep } from "@/bench/step";
import { runBench, shapeSubject } from "@/bench/suite";
import { measureTurns } from "@/bench/turns";
import type { Target } from "@/graph/target";
import { releaseRuntime } from "@/model/runtime";
import { modelTensors } from "@/model/weights";
import { targets } from "@/ops/check";

const opened = await targets();
const cpu = opened.at(-1) as Target;

test.each(opened.map((target) => [target.name, target] as const))(
  "a step of one of the 135M's blocks on %s: counted, shared out, and JavaScript is little of it",
  async (_, target) => {
    const arch = { ...SHAPES["smollm2-135m"].arch, layers: 1, vocab: 1024 };
    const make = () => planStep(arch, modelTensors(arch, "f32"), { tokens: 64, rank: 16 });
    const live = target.liveBytes();
    const runtime = randomRuntime(target, arch, "f32");
    const measured = await measureStep(runtime, make, 10, 0);
    expect(measured.tokens).toBe(64);
    expect(measured.tokensPerSecond).toBeCloseTo(64_000 / measured.stepMs, 3);
    expect(measured.kernels.reduce((sum, { share }) => sum + share, 0)).toBeCloseTo(1, 6);
    expect(measured.kernels.reduce((sum, { calls }) => sum + calls, 0)).toBe(measured.dispatches);
    // Far below: 0.1 % is usual. More would mean that something is made anew for every launch.
    expect(measured.jsMs / measured.stepMs).toBeLessThan(0.03);
    expect(measured.deviceBytes).toBeGreaterThan(make().bytes);
    releaseRuntime(runtime);
    // The slots stay for the next program; nothing else does.
    expect(target.liveBytes() - live).toBeLessThanOrEqual(2 * measured.slotBytes);
  },
  // A loaded machine compiles its kernels for a minute.
  300_000,
);

test("choices in turns: a step of each, and nothing but slots stays", async () => {
  const arch = { ...SHAPES.ember.arch, layers: 1, vocab: 256 };
  const live = cpu.liveBytes();
  const entrant = (format: RandomFormat, keepActivations: boolean) => {
    const plan = () => planStep(arch, modelTensors(arch, format), { tokens: 64, rank: 4, keepActivations });
    const open = () => {
      const runtime = randomRuntime(cpu, arch, format);
      return { runtime, close: () => releaseRuntime(runtime) };
    };
    return { open, plan };
  };
  const entrants = [entrant("f32", false), entrant("f32", true), entrant("q4_0", false)];
  const times = await measureTurns(entrants, 0);
  expect(times).toHaveLength(3);
  for (const ms of times) expect(ms).toBeGreaterThan(0);
  const slots = entrants.reduce((sum, { plan }) => sum + 2 * plan().bytes, 0);
  expect(cpu.liveBytes() - live).toBeLessThanOrEqual(slots);
});

test("the loss head of few rows is cheaper than of all", async () => {
  const arch = { ...SHAPES.ember.arch, layers: 1, vocab: 8192 };
  const runtime = randomRuntime(cpu, arch, "f32");
  const { fewMs, allMs } = await measureHead(runtime, "small", 64, 640, 0.3);
  expect(fewMs).toBeLessThan(0.6 * allMs);
  releaseRuntime(runtime);
});

test("what does not fit the budget or the memory is left out, with a sentence", async () => {
  const notes: string[] = [];
  const options = { shapes: [], tokens: 128, rank: 16, seconds: 0, growth: false };
  const small = { ...cpu, limits: { ...cpu.limits, memoryBudget: 20_000_000 } };
  const subjects = [shapeSubject(small, "ember"), shapeSubject(small, "smollm2-135m")];
  const onReport = (_: BenchReport, note: string) => void notes.push(note);
  const report = await runBench(small, subjects, options, onReport, () => false);
  expect(report.ceilings?.matmulGflops).toBeGreaterThan(0.1);
  expect(report.steps).toEqual([]);
  expect(report.skipped[0]).toMatch(/A training step of Ember .*: would take about \d+ s, and 0 s are left\./);
  expect(report.skipped[1]).toMatch(/SmolLM2-135M shape: needs \d+ MB, more than the 20 MB given here/);
  expect(notes[0]).toContain("ceilings");
}, 60_000);
