/** What a bench's numbers mean, in sentences for someone who has not met the words. Pure. */
import { type BenchReport, exponent, type GrowthPoint, groupShares, type StepResult } from "@/bench/report";
import { duration, percent } from "@/ui/state/format";

/** Three digits that mean something: 1.23, 45.6, 789. */
export const figure = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString("en-US") : value.toPrecision(3);

export const milliseconds = (ms: number): string => (ms >= 1000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`);

/** 1,000 examples of 100 tokens, three times over: a small project. */
const PROJECT_TOKENS = 300_000;

export function stepSentence({ model, tokensPerSecond, utilisation, jsMs, stepMs }: StepResult): string {
  const took = duration(PROJECT_TOKENS / tokensPerSecond);
  return `${model}: ${figure(tokensPerSecond)} tokens a second, so 1,000 short examples, three times over, take about ${took}. The step uses ${percent(utilisation)} of what this device can multiply; JavaScript takes ${percent(jsMs / stepMs)} of it.`;
}

export function shareSentence(step: StepResult): string {
  const { products, attention, "everything else": rest } = groupShares(step.kernels);
  return `Of a step's time ${percent(products)} goes into matrix products, ${percent(attention)} into attention and ${percent(rest)} into everything else.`;
}

export function costSentences({ steps, turns, head }: BenchReport): string[] {
  const plain = (model: string) => steps.find((step) => step.model === model && step.variant === "");
  const sentences = steps.flatMap((step) => {
    const base = plain(step.model);
    if (!base || step.variant === "") return [];
    const times = step.stepMs / base.stepMs;
    return [`With 20 % of the tokens labelled a step takes ${times.toFixed(2)} times as long as with all.`];
  });
  for (const { variant, ms } of turns?.variants ?? []) {
    const times = ms / (turns?.plainMs ?? Number.NaN);
    sentences.push(
      variant === "activations kept"
        ? `Recomputing activations to save memory costs ${(1 / times).toFixed(2)} times the time of keeping them.`
        : `A base in 4 bits (${variant.replace(" base", "")}) takes ${times.toFixed(2)} times as long as one in f32.`,
    );
  }
  if (head)
    sentences.push(
      `Computing the loss for ${percent(head.fewRows / head.allRows)} of the tokens costs ${percent(head.fewMs / head.allMs)} of doing it for all.`,
    );
  return sentences;
}

export function growthSentence(points: readonly GrowthPoint[]): string {
  const power = exponent(points);
  const [first, last] = [points[0], points.at(-1)];
  if (!first || !last) return "";
  const shape =
    power > 1.08
      ? "faster than the work asked"
      : power < 0.92
        ? "more slowly: a fixed cost is spread"
        : "in step with it";
  const more = (last.value / first.value).toFixed(0);
  return `${more} times as much takes ${(last.stepMs / first.stepMs).toFixed(1)} times as long: it grows ${shape}.`;
}
