/**
 * Log-probs of sequences, forward only: under the adapter as it is, and under the model that the run started from. The
 * start does not change, so a sequence's reference is computed once and kept.
 */
import type { Encoded } from "@/data/encode";
import type { Bucket } from "@/data/pack";
import { bySequence, type Item, packItems } from "@/train/packing";
import type { Passes } from "@/train/passes";

export interface Scorer {
  /** By item and sequence, the log-prob of each labelled token. */
  policy<S extends Encoded>(items: readonly Item<S>[]): Promise<Float32Array[][]>;
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
  const score = async (by: Passes, items: readonly Item[]): Promise<Float32Array[][]> => {
    const found: Float32Array[][] = [];
    for (const { batch, sequences, first, count } of packItems(items, largest.tokens)) {
      const nll = await (await by.loss(batch)).nll;
      const parts = bySequence(
        nll.map((value) => -value),
        sequences,
      );
      let at = 0;
      for (const item of items.slice(first, first + count)) {
        found.push(parts.slice(at, at + item.length));
        at += item.length;
      }
    }
    return found;
  };
  return {
    policy: (items) => {
      setScale(scale);
      return score(passes, items);
    },
    reference: async (sequences) => {
      const missing = [...new Set(sequences.filter((sequence) => !known.has(sequence)))];
      if (missing.length > 0) {
        setScale(reference.scale);
        const scores = await score(
          reference.passes,
          missing.map((sequence) => [sequence]),
        );
        for (const [i, sequence] of missing.entries()) known.set(sequence, scores[i]?.[0] ?? new Float32Array());
      }
      return sequences.map((sequence) => known.get(sequence) ?? new Float32Array());
    },
  };
}
