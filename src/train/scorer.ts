/**
 * Log-probs of sequences, forward only: under the adapter as it is, and under the model that the run started from.
 *
 * The last digits of a log-prob depend on what it was packed with. So a reference is computed with its micro-batch,
 * whenever that comes, and not kept from the first time on: a run that is resumed would have met it in other company.
 */
import type { Encoded } from "@/data/encode";
import type { Bucket } from "@/data/pack";
import { bySequence, packItems } from "@/train/packing";
import type { Passes } from "@/train/passes";

/** By sequence, the log-prob of each labelled token. Both pack alike, so that equal models give equal numbers. */
export interface Scorer {
  policy(sequences: readonly Encoded[]): Promise<Float32Array[]>;
  reference(sequences: readonly Encoded[]): Promise<Float32Array[]>;
  /** Computes the references of these now, all together, and keeps them. */
  keepReference(sequences: readonly Encoded[]): Promise<void>;
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
  const kept = new WeakMap<Encoded, Float32Array>();
  const ofStart = (sequences: readonly Encoded[]) => {
    setScale(reference.scale);
    return scoreSequences(reference.passes, sequences, largest.tokens);
  };
  return {
    policy: (sequences) => {
      setScale(scale);
      return scoreSequences(passes, sequences, largest.tokens);
    },
    reference: async (sequences) => {
      const known = sequences.flatMap((sequence) => kept.get(sequence) ?? []);
      return known.length === sequences.length ? known : ofStart(sequences);
    },
    keepReference: async (sequences) => {
      if (sequences.every((sequence) => kept.has(sequence))) return;
      const scores = await ofStart(sequences);
      for (const [i, sequence] of sequences.entries()) kept.set(sequence, scores[i] ?? new Float32Array());
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
