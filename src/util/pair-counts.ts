/**
 * Counts of 64-bit keys given as two 32-bit halves, in flat arrays with linear probing: several times faster than a Map
 * for the millions of n-grams of a data set, and without garbage.
 */
export interface PairCounts {
  /** Adds one and gives the new count. */
  add(high: number, low: number): number;
  get(high: number, low: number): number;
  readonly size: number;
}

export function createPairCounts(expected: number): PairCounts {
  let capacity = 64;
  while (capacity < 2 * expected) capacity *= 2;
  let highs = new Uint32Array(capacity);
  let lows = new Uint32Array(capacity);
  let counts = new Uint32Array(capacity);
  let size = 0;
  const place = (high: number, low: number): number => {
    let at = (low ^ (high >>> 7)) & (capacity - 1);
    while (counts[at] !== 0 && (highs[at] !== high || lows[at] !== low)) at = (at + 1) & (capacity - 1);
    return at;
  };
  const grow = () => {
    const old = { highs, lows, counts };
    capacity *= 2;
    highs = new Uint32Array(capacity);
    lows = new Uint32Array(capacity);
    counts = new Uint32Array(capacity);
    old.counts.forEach((count, i) => {
      if (count === 0) return;
      const at = place(old.highs[i] as number, old.lows[i] as number);
      highs[at] = old.highs[i] as number;
      lows[at] = old.lows[i] as number;
      counts[at] = count;
    });
  };
  return {
    add(high, low) {
      let at = place(high, low);
      if (counts[at] === 0) {
        if (3 * size > 2 * capacity) {
          grow();
          at = place(high, low);
        }
        highs[at] = high;
        lows[at] = low;
        size++;
      }
      counts[at] = (counts[at] as number) + 1;
      return counts[at] as number;
    },
    get: (high, low) => counts[place(high, low)] as number,
    get size() {
      return size;
    },
  };
}
