// uses: unpack
// Weights as GGUF Q8_0: blocks of 32, x = d q.
// Row: f16 d[blocks], padded to a word; then per block i8 q[32].
override W_COLS: u32;
override W_BLOCKS: u32 = W_COLS / 32u;
override W_SCALE_WORDS: u32 = (W_BLOCKS + 1u) / 2u;
override W_ROW_WORDS: u32 = W_SCALE_WORDS + W_BLOCKS * 8u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS;
  let block = quad / 8u;
  let d = half_value(w[start + block / 2u] >> (16u * (block % 2u)));
  let q = bitcast<i32>(w[start + W_SCALE_WORDS + quad]);
  return d * vec4f((vec4i(q) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}
