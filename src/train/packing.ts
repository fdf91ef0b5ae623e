/** How many sequences go into one pass. An item is what is judged together: a row, a pair, a group. */
import { countTrained, type Encoded } from "@/data/encode";
import { type Bucket, bucketOf, type PackedBatch, packBatch } from "@/data/pack";

export type Item<S extends Encoded = Encoded> = readonly S[];

const tokensOf = (item: Item) => item.reduce((sum, { ids }) => sum + ids.length, 0);

/** Items in order, as many to a batch as `maxTokens` hold; `first` is the index of a batch's first item. */
export function* packItems<S extends Encoded>(
  items: readonly Item<S>[],
  maxTokens: number,
): Generator<{ batch: PackedBatch; sequences: readonly S[]; first: number; count: number }> {
  let first = 0;
  while (first < items.length) {
    let tokens = 0;
    let end = first;
    while (end < items.length && (end === first || tokens + tokensOf(items[end] ?? []) <= maxTokens)) {
      tokens += tokensOf(items[end] ?? []);
      end++;
    }
    const sequences = items.slice(first, end).flat();
    yield { batch: packBatch(sequences), sequences, first, count: end - first };
    first = end;
  }
}

/** A bucket that holds any `size` items of any of the sets. */
export function largestBucket(sets: readonly (readonly Item[])[], size: number): Bucket {
  const longest = (items: readonly Item[]) =>
    items
      .map(tokensOf)
      .sort((a, b) => b - a)
      .slice(0, size)
      .reduce((a, b) => a + b, 0);
  const tokens = bucketOf(Math.max(...sets.map(longest)));
  return { tokens, labels: tokens };
}

/** One value per labelled token, cut by sequence. */
export function bySequence(values: Float32Array, sequences: readonly Encoded[]): Float32Array[] {
  let at = 0;
  return sequences.map((sequence) => {
    const from = at;
    at += countTrained(sequence);
    return values.subarray(from, at);
  });
}
