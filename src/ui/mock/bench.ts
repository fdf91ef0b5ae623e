/** A bench's report as a mid-range GPU would give it, in pieces, for looking at the page's states (`?mock`). */
import type { BenchReport, GrowthPoint, StepResult } from "@/bench/report";

const step = (model: string, variant: string, tokensPerSecond: number, gflop: number): StepResult => ({
  ...{
    model,
    variant,
    tokens: 512,
    labels: 511,
    rank: 16,
    weightFormat: "f32",
  },
  ...{ dispatches: 2677, jsMs: 4.1, stepMs: (512 / tokensPerSecond) * 1000, firstStepMs: 1320, tokensPerSecond },
  ...{ gflop, recomputedGflop: gflop * 0.24 },
  ...{ utilisation: 0.72, mfu: 0.55, slotBytes: 78e6, peakBytes: 68e6, deviceBytes: 812e6 },
  kernels: [
    { kernel: "linear.forward_lora", calls: 390, ms: 152, share: 0.43, gflop: 210 },
    { kernel: "linear.backward_lora", calls: 207, ms: 89, share: 0.25, gflop: 120 },
    { kernel: "linear.forward", calls: 602, ms: 34, share: 0.1, gflop: 48 },
    { kernel: "attention.backward_kv", calls: 30, ms: 30, share: 0.09, gflop: 26 },
    { kernel: "attention.forward", calls: 60, ms: 24, share: 0.07, gflop: 20 },
    { kernel: "rmsnorm.forward", calls: 121, ms: 21, share: 0.06, gflop: 0 },
  ],
});

const grow = (axis: GrowthPoint["axis"], values: readonly number[], power: number): GrowthPoint[] =>
  values.map((value) => {
    const stepMs = 6 + 4 * (value / (values[0] ?? 1)) ** power;
    return { axis, value, stepMs, tokensPerSecond: 128_000 / stepMs, gflop: stepMs / 3 };
  });

const STEPS = [
  step("Ember (bundled)", "", 41_200, 3.3),
  step("SmolLM2-135M shape", "", 1430, 424),
  step("Qwen3-0.6B shape", "", 312, 1806),
];

const TURNS: BenchReport["turns"] = {
  ...{ model: "SmolLM2-135M shape", tokens: 512, plainMs: 358 },
  variants: [
    { variant: "activations kept", ms: 283 },
    { variant: "q4_0 base", ms: 390 },
    { variant: "nf4 base", ms: 403 },
  ],
};

export async function benchMock(
  onReport: (report: BenchReport, note: string) => void,
  pause: () => Promise<unknown>,
  stopped: () => boolean,
): Promise<BenchReport> {
  let report: BenchReport = {
    device: { target: "webgpu", description: "Example GPU 8-core", software: false },
    ...{ steps: [], decodes: [], growth: [], skipped: [], seconds: 0 },
  };
  const parts: [string, Partial<BenchReport>][] = [
    ["Measuring the ceilings: products and copies", { ceilings: { matmulGflops: 2410, copyGBs: 88, products: [] } }],
    ...STEPS.map((made, i): [string, Partial<BenchReport>] => [
      `A training step of ${made.model}`,
      { steps: STEPS.slice(0, i + 1) },
    ]),
    [
      "Generating",
      {
        turns: TURNS,
        head: { model: "SmolLM2-135M shape", fewRows: 128, allRows: 640, fewMs: 21, allMs: 98 },
        decodes: [
          { model: "Ember (bundled)", sequences: 1, tokensPerSecond: 910, gflopPerToken: 0.0025 },
          { model: "Ember (bundled)", sequences: 32, tokensPerSecond: 6_800, gflopPerToken: 0.0025 },
        ],
      },
    ],
    [
      "Growth",
      {
        growth: [
          ...grow("tokens", [128, 256, 512, 1024, 2048, 4096], 1.2),
          ...grow("rank", [4, 8, 16, 32, 64], 0.3),
          ...grow("layers", [1, 2, 4, 8], 1),
          ...grow("sequences", [1, 2, 4, 8, 16], 0.97),
        ],
        skipped: ["Generating with Qwen3-0.6B shape, 32 at once: would take about 80 s, and 12 s are left."],
      },
    ],
  ];
  for (const [note, more] of parts) {
    if (stopped()) break;
    onReport(report, note);
    await pause();
    report = { ...report, ...more, seconds: report.seconds + 4 };
  }
  onReport(report, "");
  return report;
}
