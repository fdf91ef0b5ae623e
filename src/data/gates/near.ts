/**
 * Near duplicates by MinHash and locality-sensitive hashing: sets of 5-word shingles whose Jaccard index is 0.8 or more.
 *
 * A signature keeps the minimum of 64 hash functions over a row's shingles; two rows agree on a place with probability J.
 * Rows that share all 4 places of any of 16 bands are candidates (0.9998 of pairs at J = 0.8), which are then compared
 * exactly. Shingles of more than 1 row in 20 are a frame, not content, and are left out.
 */
import { createPairCounts, type PairCounts } from "@/util/pair-counts";
import { eachGram } from "./words";

export const SHINGLE = 5;
export const NEAR = 0.8;
/** Fewer words are not compared: one word more or less would decide. */
const FEWEST_WORDS = 8;
const BANDS = 16;
const PLACES = 4;
const HASHES = BANDS * PLACES;
/** Rows of one bucket that each row is compared with; duplicates chain through them. */
const COMPARED = 8;

/** From here on a gram stands in so many rows that it belongs to their frame. */
export const frameLimit = (rows: number): number => Math.max(10, Math.floor(rows / 20));

/** In how many rows each gram occurs. */
export function rowCounts(rows: readonly Uint32Array[], n: number): PairCounts {
  const words = rows.reduce((sum, { length }) => sum + length, 0);
  const counts = createPairCounts(Math.min(words, 4_000_000));
  for (const row of rows) eachGram(row, n, (high, low) => counts.add(high, low));
  return counts;
}

/** For each row the lowest index of its group of near duplicates; its own index when it has no twin. */
export function nearGroups(rows: readonly Uint32Array[]): Int32Array {
  const groups = Int32Array.from(rows, (_, i) => i);
  const sets = shingleSets(rows);
  const factors = Uint32Array.from({ length: HASHES }, (_, i) => Math.imul(i + 1, 0x9e3779b1) | 1);
  const signature = new Uint32Array(HASHES);
  const buckets = new Map<number, number[]>();
  for (let i = 0; i < rows.length; i++) {
    const set = sets[i];
    if (!set) continue;
    sign(set, factors, signature);
    for (let band = 0; band < BANDS; band++) {
      const key = bandKey(signature, band);
      const bucket = buckets.get(key);
      if (!bucket) {
        buckets.set(key, [i]);
        continue;
      }
      for (const other of bucket) {
        if (root(groups, other) !== root(groups, i) && jaccard(set, sets[other] ?? set) >= NEAR) join(groups, other, i);
      }
      if (bucket.length < COMPARED) bucket.push(i);
    }
  }
  for (let i = 0; i < groups.length; i++) groups[i] = root(groups, i);
  return groups;
}

/** Sorted shingles of each row, 32 bits each; null for rows too short to compare. */
function shingleSets(rows: readonly Uint32Array[]): (Uint32Array | null)[] {
  const counts = rowCounts(rows, SHINGLE);
  const limit = frameLimit(rows.length);
  return rows.map((words) => {
    if (words.length < FEWEST_WORDS) return null;
    const kept: number[] = [];
    eachGram(words, SHINGLE, (high, low) => {
      if (counts.get(high, low) <= limit) kept.push(low);
    });
    return kept.length < 3 ? null : distinct(Uint32Array.from(kept).sort());
  });
}

/** Of a sorted list. */
function distinct(sorted: Uint32Array): Uint32Array {
  let count = 0;
  for (let i = 0; i < sorted.length; i++)
    if (i === 0 || sorted[i] !== sorted[i - 1]) sorted[count++] = sorted[i] as number;
  return sorted.subarray(0, count);
}

function sign(set: Uint32Array, factors: Uint32Array, signature: Uint32Array): void {
  signature.fill(0xffffffff);
  for (let s = 0; s < set.length; s++) {
    const shingle = set[s] as number;
    for (let h = 0; h < HASHES; h++) {
      const mixed = Math.imul(shingle ^ (shingle >>> 15), factors[h] as number);
      const value = (mixed ^ (mixed >>> 13)) >>> 0;
      if (value < (signature[h] as number)) signature[h] = value;
    }
  }
}

/** 53 bits, so that buckets of different bands and values do not meet. */
function bandKey(signature: Uint32Array, band: number): number {
  let high = band + 1;
  let low = 0x811c9dc5;
  for (let i = band * PLACES; i < (band + 1) * PLACES; i++) {
    high = Math.imul(high ^ (signature[i] as number), 0x85ebca6b);
    low = Math.imul(low ^ (signature[i] as number), 0x01000193);
    high ^= high >>> 16;
  }
  return (high >>> 0) * 0x200000 + ((low >>> 0) & 0x1fffff);
}

/** |a ∩ b| / |a ∪ b| of sorted sets. */
function jaccard(a: Uint32Array, b: Uint32Array): number {
  let i = 0;
  let j = 0;
  let shared = 0;
  while (i < a.length && j < b.length) {
    const x = a[i] as number;
    const y = b[j] as number;
    if (x === y) shared++;
    if (x <= y) i++;
    if (y <= x) j++;
  }
  return shared / (a.length + b.length - shared);
}

function root(groups: Int32Array, i: number): number {
  let at = i;
  while (groups[at] !== at) at = groups[at] as number;
  return at;
}

function join(groups: Int32Array, a: number, b: number): void {
  const [x, y] = [root(groups, a), root(groups, b)];
  groups[Math.max(x, y)] = Math.min(x, y);
}
