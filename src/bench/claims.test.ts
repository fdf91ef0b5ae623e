import { expect, test } from "vitest";
import { claimsOf } from "@/bench/claims";
import type { BenchReport, StepResult } from "@/bench/report";

const STEP: StepResult = {
  ...{ model: "m", variant: "", tokens: 512, labels: 512, rank: 16, weightFormat: "f32", dispatches: 3 },
  ...{ jsMs: 1, stepMs: 100, firstStepMs: 200, tokensPerSecond: 5120, gflop: 1, recomputedGflop: 0.2 },
  ...{ utilisation: 0.69, mfu: 0.5, slotBytes: 120, peakBytes: 100, deviceBytes: 300 },
  kernels: [
    { kernel: "linear.forward", calls: 1, ms: 80, share: 0.8, gflop: 8 },
    { kernel: "attention.forward", calls: 1, ms: 10, share: 0.1, gflop: 0.5 },
    { kernel: "rope.forward", calls: 1, ms: 10, share: 0.1, gflop: 0 },
  ],
};
const REPORT: BenchReport = {
  device: { target: "cpu", description: "test", software: true },
  ceilings: { matmulGflops: 125, copyGBs: 20, products: [] },
  steps: [STEP, { ...STEP, variant: "20 % labelled", stepMs: 80 }],
  turns: {
    ...{ model: "m", tokens: 512, plainMs: 100 },
    variants: [
      { variant: "activations kept", ms: 80 },
      { variant: "q4_0 base", ms: 120 },
      { variant: "nf4 base", ms: 140 },
    ],
  },
  decodes: [
    { model: "m", sequences: 1, tokensPerSecond: 10, gflopPerToken: 1 },
    { model: "m", sequences: 32, tokensPerSecond: 81, gflopPerToken: 1 },
  ],
  head: { model: "m", fewRows: 64, allRows: 320, fewMs: 3, allMs: 10 },
  ...{ growth: [], skipped: [], seconds: 1 },
};

test("each number is held against what is asked, from both sides", () => {
  const found = claimsOf(REPORT).map(({ what, found, holds }) => [what.replace(/^.*: /, ""), found, holds]);
  expect(found).toEqual([
    ["of the ceiling", "69 %", false],
    ["neither product nor attention", "10 %", true],
    ["JavaScript", "1 %", true],
    ["slots over the lower bound", "1.2×", false],
    ["checkpointing over none", "1.25×", true],
    ["q4_0 base over float", "1.2×", true],
    ["nf4 base over float", "1.4×", false],
    ["head with 20 % labelled over all", "30 %", false],
    ["decoding 32 at once over one", "8.1×", true],
  ]);
});

test("what was not measured is not claimed, and a short step need not fill the device", () => {
  const { head: _, turns: __, ...rest } = REPORT;
  const short = { ...rest, decodes: [], steps: [{ ...STEP, tokens: 128 }] };
  expect(claimsOf(short).map(({ what }) => what.replace(/^.*: /, ""))).toEqual([
    "neither product nor attention",
    "JavaScript",
    "slots over the lower bound",
  ]);
});

test("what falls short says why, in numbers of the same run; what holds needs no reason", () => {
  const decodes = [
    { model: "m", sequences: 1, tokensPerSecond: 25, gflopPerToken: 1 },
    { model: "m", sequences: 32, tokensPerSecond: 100, gflopPerToken: 1 },
  ];
  const why = (report: BenchReport) => claimsOf(report).flatMap(({ what, why }) => (why ? [[what, why]] : []));
  // 8 GFLOP in 80 ms are 100 GFLOP/s of 125; the ceiling allows 125 tokens/s, five times one.
  expect(why({ ...REPORT, decodes })).toEqual([
    [
      "m, 512 tokens: of the ceiling",
      "Products take 80 % of the step and reach 80 % of the ceiling; attention takes 10 % and reaches 40 %.",
    ],
    [
      "m: decoding 32 at once over one",
      "At the ceiling 32 would write 125 tokens/s, 5× of one; they reach 80 % of that.",
    ],
  ]);
  const crowded = { ...STEP, utilisation: 0.7, kernels: STEP.kernels.map((each) => ({ ...each, share: 0.2 })) };
  expect(why({ ...REPORT, steps: [crowded] })).toEqual([
    ["m, 512 tokens: neither product nor attention", "The largest of it is rope.forward, 20 % of the step."],
  ]);
  const { ceilings: _, ...unmeasured } = REPORT;
  expect(why({ ...unmeasured, decodes })).toEqual([]);
});
