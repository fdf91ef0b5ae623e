/**
 * How a step's time grows with the work: blocks of SmolLM2-135M's geometry with a small vocabulary, one thing varied at a
 * time. Linear in layers and batch, nearly so in rank; in the length attention adds its square.
 */

import { randomRuntime } from "@/bench/random-model";
import type { GrowthAxis, GrowthPoint } from "@/bench/report";
import { SHAPES } from "@/bench/shapes";
import { measureStep, planStep, type StepSetting } from "@/bench/step";
import type { Target } from "@/graph/target";
import { releaseRuntime } from "@/model/runtime";
import { modelTensors } from "@/model/weights";

interface Growth extends StepSetting {
  readonly axis: GrowthAxis;
  readonly value: number;
  readonly layers: number;
}

const RANK = 16;
const series = (axis: GrowthAxis, values: readonly number[], make: (value: number) => Omit<Growth, "axis" | "value">) =>
  values.map((value) => ({ axis, value, ...make(value) }));

export const GROWTH: readonly Growth[] = [
  ...series("sequences", [1, 2, 4, 8, 16], (sequences) => ({ tokens: 128, sequences, rank: RANK, layers: 1 })),
  ...series("layers", [1, 2, 4, 8], (layers) => ({ tokens: 256, rank: RANK, layers })),
  ...series("rank", [4, 8, 16, 32, 64], (rank) => ({ tokens: 256, rank, layers: 1 })),
  ...series("tokens", [128, 256, 512, 1024, 2048, 4096], (tokens) => ({ tokens, rank: RANK, layers: 1 })),
];

const architecture = (layers: number) => ({ ...SHAPES["smollm2-135m"].arch, layers, vocab: 4096 });

export function planGrowth(point: Growth) {
  const arch = architecture(point.layers);
  return planStep(arch, modelTensors(arch, "f32"), point);
}

export async function measureGrowth(
  target: Target,
  point: Growth,
  gflops: number,
  seconds: number,
): Promise<GrowthPoint> {
  const runtime = randomRuntime(target, architecture(point.layers), "f32");
  try {
    const { stepMs, tokensPerSecond, gflop } = await measureStep(runtime, () => planGrowth(point), gflops, seconds);
    return { axis: point.axis, value: point.value, stepMs, tokensPerSecond, gflop };
  } finally {
    releaseRuntime(runtime);
  }
}
