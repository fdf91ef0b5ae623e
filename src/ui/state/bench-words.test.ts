import { expect, test } from "vitest";
import type { BenchReport, StepResult } from "@/bench/report";
import { costSentences, figure, growthSentence, stepSentence } from "@/ui/state/bench-words";

const step = (variant: string, stepMs: number): StepResult => ({
  ...{ model: "M", variant, tokens: 512, labels: 511, rank: 16, weightFormat: "f32", dispatches: 9, jsMs: 2, stepMs },
  ...{ firstStepMs: 900, tokensPerSecond: 512_000 / stepMs, gflop: 1, recomputedGflop: 0, utilisation: 0.7, mfu: 0.5 },
  ...{ slotBytes: 1, peakBytes: 1, deviceBytes: 1, kernels: [] },
});

test("a step is told in what a person has to wait", () => {
  const words = stepSentence(step("", 512));
  expect(words).toContain("1,000 tokens a second");
  expect(words).toMatch(/about 5\smin/);
  expect(words).toContain("70");
});

test("what a choice costs is held against the plain step of the same model", () => {
  const steps = [step("", 130), step("20 % labelled", 104)];
  const turns: BenchReport["turns"] = {
    ...{ model: "M", tokens: 512, plainMs: 130 },
    variants: [
      { variant: "activations kept", ms: 100 },
      { variant: "q4_0 base", ms: 143 },
    ],
  };
  const head = { model: "M", fewRows: 128, allRows: 640, fewMs: 21, allMs: 100 };
  const report: BenchReport = {
    device: { target: "cpu", description: "", software: true },
    ...{ steps, turns, head, decodes: [], growth: [], skipped: [], seconds: 1 },
  };
  const words = costSentences(report).join(" ");
  expect(words).toContain("1.30 times the time of keeping");
  expect(words).toContain("4 bits (q4_0) takes 1.10 times");
  expect(words).toContain("labelled a step takes 0.80 times");
  expect(words).toMatch(/20\s%.* costs 21\s%/);
});

test("growth is called by its power", () => {
  const points = (power: number) =>
    [1, 2, 4].map((value) => ({
      axis: "layers" as const,
      value,
      stepMs: value ** power,
      tokensPerSecond: 1,
      gflop: 1,
    }));
  expect(growthSentence(points(1))).toContain("in step");
  expect(growthSentence(points(1.5))).toContain("faster");
  expect(growthSentence(points(0.5))).toContain("slowly");
});

test("figures keep three digits", () => {
  expect([0.1234, 12.345, 1234.5].map(figure)).toEqual(["0.123", "12.3", "1,235"]);
});
