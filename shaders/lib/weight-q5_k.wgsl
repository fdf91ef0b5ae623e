// uses: unpack sub-scales
// Weights as GGUF Q5_K: blocks of 256 in eight sub-blocks of 32, x = d s (q + 16 h) - e m.
// Row: per block f16 d, f16 e, u8 scales[12], u8 h[32], u8 q[128]; bit s of h[j] is the fifth of value 32 s + j; per 64
// values byte j of 32 holds value j low and j + 32 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 256u * 44u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 64u * 44u;
  let s = quad % 64u / 8u;
  let d = vec2f(half_value(w[start]), half_value(w[start] >> 16u)) * sub_scales(start + 1u, s);
  let h = (w[start + 4u + quad % 8u] >> s) & 0x01010101u;
  let q = w[start + 12u + s / 2u * 8u + quad % 8u] >> (4u * (s % 2u));
  return d.x * bytes4((q & 0x0f0f0f0fu) | (h << 4u)) - d.y;
}
