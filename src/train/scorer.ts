/**
 * Log-probs of sequences, forward only: under the adapter as it is, and under the model that the run started from. The
 * start does not change, so a sequence's reference is computed once and kept.
 */
import type { Encoded } from "@/data/encode";
import type { Bucket } from "@/data/pack";
import { bySequence, packItems } from "@/train/packing";
import type { Passes } from "@/train/passes";

/** By sequence, the log-prob of each labelled token. Both pack alike, so that equal models give equal numbers. */
export interface Scorer {
  policy(sequences: readonly Encoded[]): Promise<Float32Array[]>;
  reference(sequences: readonly Encoded[]): Promise<Float32Array[]>;
}

export interface ScorerOptions {
  readonly passes: Passes;
  readonly largest: Bucket;
  /** The start: the same passes with the adapter off, or others that hold a copy of the adapter. */
  readonly reference: { readonly passes: Passes; readonly scale: number };
  /** The adapter's weight while it trains. */
  readonly scale: number;
  readonly setScale: (adapterScale: number) => void;
}

export function createScorer({ passes, largest, reference, scale, setScale }: ScorerOptions): Scorer {
  const known = new WeakMap<Encoded, Float32Array>();
  return {
    policy: (sequences) => {
      setScale(scale);
      return scoreSequences(passes, sequences, largest.tokens);
    },
    reference: async (sequences) => {
      const missing = [...new Set(sequences.filter((sequence) => !known.has(sequence)))];
      if (missing.length > 0) {
        setScale(reference.scale);
        const scores = await scoreSequences(reference.passes, missing, largest.tokens);
        for (const [i, sequence] of missing.entries()) known.set(sequence, scores[i] ?? new Float32Array());
      }
      return sequences.map((sequence) => known.get(sequence) ?? new Float32Array());
    },
  };
}

/** Under the adapter scale that is set, in as few passes as the size allows. */
export async function scoreSequences(
  passes: Passes,
  sequences: readonly Encoded[],
  maxTokens: number,
): Promise<Float32Array[]> {
  const found: Float32Array[] = [];
  const items = sequences.map((sequence) => [sequence]);
  for (const { batch, sequences: packed } of packItems(items, maxTokens)) {
    const nll = await (await passes.loss(batch)).nll;
    const logp = nll.map((value) => -value);
    found.push(...bySequence(logp, packed));
  }
  return found;
}
