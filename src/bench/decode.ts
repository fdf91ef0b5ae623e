/**
 * Tokens a second of generation, for one sequence and for many at once; prompts and compiling are outside the clock. A
 * stretch of a small model ends in milliseconds, and engines compile hot code anew while it runs: the best of many counts.
 */
import { repeat } from "@/bench/clock";
import type { DecodeResult } from "@/bench/report";
import { elements } from "@/graph/graph";
import { createGenerator } from "@/model/generate";
import type { Runtime } from "@/model/runtime";
import type { ModelTensors } from "@/model/weights";

const PROMPT = 8;
const LEAST_STRETCHES = 2;
const MOST_STRETCHES = 200;

/** One pass's work, for predicting its time: every weight meets every row. */
export const decodeFlops = (parameters: number, sequences: number, tokens: number): number =>
  2 * parameters * sequences * tokens;

/** Values of all matrices that a token's row is multiplied by. */
export function weightsMet({ head, layers }: ModelTensors): number {
  const matrices = [head, ...layers.flatMap(({ projections }) => Object.values(projections))];
  return matrices.reduce((sum, { shape }) => sum + elements(shape), 0);
}

/** `seconds`: for the stretches of `tokens` passes each, two at least. */
export async function measureDecode(
  runtime: Runtime,
  model: string,
  sequences: number,
  tokens: number,
  seconds: number,
): Promise<DecodeResult> {
  const generator = createGenerator(runtime, undefined, { sequences, length: PROMPT + tokens + 1 });
  const { vocab } = runtime.arch;
  const requests = Array.from({ length: sequences }, (_, key) => ({
    prompt: Array.from({ length: PROMPT }, (_, i) => (31 * key + 7 * i) % vocab),
    key,
  }));
  const options = { temperature: 0, seed: 1, adapterScale: 0, stopIds: [] };
  /** Tokens a second from the first pass in which all sequences decode to the last. */
  const stretch = async () => {
    const seen = { at: 0, counted: 0, last: 0 };
    const begun = new Set<number>();
    await generator.run(requests, {
      ...options,
      maxTokens: tokens,
      onToken: (request) => {
        begun.add(request);
        seen.last = performance.now();
        if (seen.at === 0) {
          if (begun.size === sequences) seen.at = seen.last;
        } else seen.counted++;
        return true;
      },
    });
    return (1000 * seen.counted) / (seen.last - seen.at);
  };
  try {
    await generator.run(requests, { ...options, maxTokens: 3 });
    const rates = await repeat(stretch, seconds, LEAST_STRETCHES, MOST_STRETCHES);
    const gflopPerToken = (2 * weightsMet(runtime.tensors)) / 1e9;
    return { model, sequences, tokensPerSecond: Math.max(...rates), gflopPerToken };
  } finally {
    generator.release();
  }
}
