/** Tokens a second of generation, for one sequence and for many at once; prompts and compiling are outside the clock. */
import type { DecodeResult } from "@/bench/report";
import { createGenerator } from "@/model/generate";
import type { Runtime } from "@/model/runtime";

const PROMPT = 8;

/** One pass's work, for predicting its time: every weight meets every row. */
export const decodeFlops = (parameters: number, sequences: number, tokens: number): number =>
  2 * parameters * sequences * tokens;

export async function measureDecode(
  runtime: Runtime,
  model: string,
  sequences: number,
  tokens: number,
): Promise<DecodeResult> {
  const generator = createGenerator(runtime, undefined, { sequences, length: PROMPT + tokens + 1 });
  const { vocab } = runtime.arch;
  const requests = Array.from({ length: sequences }, (_, key) => ({
    prompt: Array.from({ length: PROMPT }, (_, i) => (31 * key + 7 * i) % vocab),
    key,
  }));
  const options = { temperature: 0, seed: 1, adapterScale: 0, stopIds: [] };
  try {
    await generator.run(requests, { ...options, maxTokens: 3 });
    // From the first pass in which all sequences decode to the last.
    const seen = { at: 0, counted: 0, last: 0 };
    const counts = new Map<number, number>();
    await generator.run(requests, {
      ...options,
      maxTokens: tokens,
      onToken: (request) => {
        counts.set(request, (counts.get(request) ?? 0) + 1);
        seen.last = performance.now();
        if (seen.at === 0) {
          if (counts.size === sequences) seen.at = seen.last;
        } else seen.counted++;
        return true;
      },
    });
    return { model, sequences, tokensPerSecond: (1000 * seen.counted) / (seen.last - seen.at) };
  } finally {
    generator.release();
  }
}
