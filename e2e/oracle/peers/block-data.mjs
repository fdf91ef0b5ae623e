/**
 * One LoRA block of SmolLM2-135M's geometry, the same numbers for every trainer: a value depends only on its tensor's name
 * and its place, through a 32-bit integer hash, so that each side makes them for itself (pytorch_block.py has the hash again).
 */
export const SHAPE = { tokens: 128, width: 576, heads: 9, kvHeads: 3, headDim: 64, ffn: 1536, scale: 2 };

/** AdamW's; without decay, which TensorFlow.js's Adam does not know. */
export const ADAM = { rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8 };

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

/** The plain product of the comparison: rows × inner × columns. */
export const PRODUCT = [128, 576, 1536];

/** Greedy decoding: so many tokens behind this prompt, by the bundled model. */
export const DECODE = { prompt: [17, 311, 42, 905, 77, 1203, 8, 640], tokens: 48 };

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

/** x, upstream, w.NAME [out, in], a.NAME [r, in], b.NAME [out, r], and both norms. */
export function blockData(rank) {
  const { tokens } = SHAPE;
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

/** A row-major [rows, columns] as [columns, rows]. */
export const turned = (array, rows, columns) =>
  Float32Array.from({ length: rows * columns }, (_, i) => array[(i % rows) * columns + Math.floor(i / rows)]);

/** cos or sin of position · 10000^(-2i / D): [tokens, D / 2]. */
export function angles(f) {
  const half = headDim / 2;
  return Float32Array.from({ length: SHAPE.tokens * half }, (_, i) =>
    f(Math.floor(i / half) / 10_000 ** ((2 * (i % half)) / headDim)),
  );
}

/** [tokens, tokens]: 0 where a row may look, else -1e9. */
export function causalMask() {
  const { tokens } = SHAPE;
  return Float32Array.from({ length: tokens * tokens }, (_, i) => (i % tokens > Math.floor(i / tokens) ? -1e9 : 0));
}

export const norm = (array) => Math.sqrt(array.reduce((sum, value) => sum + value * value, 0));
export const dot = (a, b) => a.reduce((sum, value, i) => sum + value * b[i], 0);
