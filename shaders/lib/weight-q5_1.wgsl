// uses: unpack
// Weights as GGUF Q5_1: blocks of 32, x = d (q + 16 h) + m.
// Row: per block f16 d, f16 m, u32 h, whose bit j is the fifth of value j, and u8 q[16], byte j holding value j low and
// j + 16 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 32u * 6u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 8u * 6u;
  let part = quad % 8u;
  let scales = w[start];
  let h = (vec4u(w[start + 1u] >> (4u * part)) >> vec4u(0u, 1u, 2u, 3u)) & vec4u(1u);
  let q = w[start + 2u + part % 4u] >> (4u * (part / 4u));
  return half_value(scales) * (bytes4(q & 0x0f0f0f0fu) + 16.0 * vec4f(h)) + half_value(scales >> 16u);
}
