/**
 * Seeded randomness, the same on every machine: xoshiro128** seeded through splitmix32 (Blackman & Vigna, public domain),
 * and cyrb53, a 53-bit hash of strings. Nothing in a run may use Math.random, because one recipe is one result.
 */

export interface Random {
  /** Uniform integer in [0, 2^32). */
  uint32(): number;
  /** Uniform in [0, 1), 53 bits. */
  float(): number;
  /** Uniform integer in [0, bound), without modulo bias; bound is 1 to 2^32. */
  below(bound: number): number;
  /** Standard normal. */
  normal(): number;
}

/** An independent stream for each (seed, stream) pair of unsigned 32-bit integers. */
export function createRandom(seed: number, stream = 0): Random {
  let mix = (seed ^ Math.imul(stream, 0x85ebca6b)) >>> 0;
  const split = () => {
    mix = (mix + 0x9e3779b9) | 0;
    let z = Math.imul(mix ^ (mix >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return z ^ (z >>> 15);
  };
  let a = split();
  let b = split();
  let c = split();
  let d = split() ^ stream;

  function uint32(): number {
    const scaled = Math.imul(b, 5);
    const result = Math.imul((scaled << 7) | (scaled >>> 25), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = (d << 11) | (d >>> 21);
    return result;
  }
  const float = () => ((uint32() >>> 5) * 0x4000000 + (uint32() >>> 6)) / 0x20000000000000;
  function below(bound: number): number {
    const limit = 0x100000000 - (0x100000000 % bound);
    let value = uint32();
    while (value >= limit) value = uint32();
    return value % bound;
  }
  // 1 - u keeps the logarithm finite, since u may be 0 but never 1.
  const normal = () => Math.sqrt(-2 * Math.log(1 - float())) * Math.cos(2 * Math.PI * float());
  return { uint32, float, below, normal };
}

/** Fisher–Yates, in place; returns its argument. */
export function shuffle<T extends { length: number; [index: number]: unknown }>(items: T, random: Random): T {
  for (let i = items.length - 1; i > 0; i--) {
    const j = random.below(i + 1);
    const kept = items[i];
    items[i] = items[j];
    items[j] = kept;
  }
  return items;
}

/** cyrb53 over UTF-16 units: an integer in [0, 2^53). */
export function hashString(text: string, seed = 0): number {
  return cyrb53(text.length, (i) => text.charCodeAt(i), seed);
}

/** The same over 32-bit integers. */
export function hashNumbers(values: ArrayLike<number>, seed = 0): number {
  return cyrb53(values.length, (i) => values[i] ?? 0, seed);
}

function cyrb53(length: number, at: (i: number) => number, seed: number): number {
  let h1 = 0xdeadbeef ^ seed;
  let h2 = 0x41c6ce57 ^ seed;
  for (let i = 0; i < length; i++) {
    const unit = at(i);
    h1 = Math.imul(h1 ^ unit, 2654435761);
    h2 = Math.imul(h2 ^ unit, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 0x100000000 * (h2 & 0x1fffff) + (h1 >>> 0);
}
