/**
 * One LoRA block of SmolLM2-135M's geometry, the same numbers for every trainer: a value depends only on its tensor's name
 * and its place, through a 32-bit integer hash, so that each side makes them for itself.
 */
export const SHAPE = { tokens: 128, width: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536, rank: 8, scale: 2 };

const { width, heads, kvHeads, headDim, ffn } = SHAPE;
/** [out, in] of every projection. */
export const PROJECTIONS = {
  q: [heads * headDim, width],
  k: [kvHeads * headDim, width],
  v: [kvHeads * headDim, width],
  o: [width, heads * headDim],
  gate: [ffn, width],
  up: [ffn, width],
  down: [width, ffn],
};

/** Uniform in ±size / 2. */
export function values(name, count, size) {
  const seed = [...name].reduce((sum, letter) => Math.imul(sum, 31) + letter.charCodeAt(0), 7);
  return Float32Array.from({ length: count }, (_, i) => {
    let h = (Math.imul(i, 0x9e3779b1) + seed) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
    h = Math.imul(h ^ (h >>> 16), 0x45d9f3b);
    return size * (((h ^ (h >>> 16)) >>> 0) / 4294967296 - 0.5);
  });
}

/** By the names of src/cpu/block.bench.ts: x, upstream, w.NAME [out, in], a.NAME [r, in], b.NAME [out, r], norms. */
export function blockData() {
  const { tokens, rank } = SHAPE;
  const data = { x: values("x", tokens * width, 1), upstream: values("upstream", tokens * width, 1) };
  data["w.attention"] = new Float32Array(width).fill(1);
  data["w.mlp"] = new Float32Array(width).fill(1);
  for (const [name, [outputs, inputs]] of Object.entries(PROJECTIONS)) {
    const size = 2 / Math.sqrt(inputs);
    data[`w.${name}`] = values(`w.${name}`, outputs * inputs, size);
    data[`a.${name}`] = values(`a.${name}`, rank * inputs, size);
    data[`b.${name}`] = values(`b.${name}`, outputs * rank, 0.1);
  }
  return data;
}

/** Best and median milliseconds of `rounds` awaited steps, after warming up. */
export async function measure(step, rounds) {
  for (let i = 0; i < 3; i++) await step();
  const times = [];
  for (let i = 0; i < rounds; i++) {
    const start = performance.now();
    await step();
    times.push(performance.now() - start);
  }
  times.sort((a, b) => a - b);
  return { best: times[0], median: times[Math.floor(rounds / 2)] };
}

export const norm = (array) => Math.sqrt(array.reduce((sum, value) => sum + value * value, 0));
