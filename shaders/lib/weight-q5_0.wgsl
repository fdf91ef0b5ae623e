// uses: unpack
// Weights as GGUF Q5_0: blocks of 32, x = d (q + 16 h - 16).
// Row: f16 d[blocks], padded to a word; then per block u32 h, whose bit j is the fifth of value j, and u8 q[16], byte j
// holding value j low and j + 16 high.
override W_COLS: u32;
override W_BLOCKS: u32 = W_COLS / 32u;
override W_SCALE_WORDS: u32 = (W_BLOCKS + 1u) / 2u;
override W_ROW_WORDS: u32 = W_SCALE_WORDS + W_BLOCKS * 5u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS;
  let block = quad / 8u;
  let part = quad % 8u;
  let d = half_value(w[start + block / 2u] >> (16u * (block % 2u)));
  let body = start + W_SCALE_WORDS + block * 5u;
  let h = (vec4u(w[body] >> (4u * part)) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u);
  let q = w[body + 1u + part % 4u] >> (4u * (part / 4u));
  return d * (bytes4(q & 0x0f0f0f0fu) + 16.0 * vec4f(h) - 16.0);
}
