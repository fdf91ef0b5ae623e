// uses: unpack sub-scales
// Weights as GGUF Q4_K: blocks of 256 in eight sub-blocks of 32, x = d s q - e m.
// Row: per block f16 d, f16 e, u8 scales[12], u8 q[128]; per 64 values byte j of 32 holds value j low and j + 32 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 256u * 36u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 64u * 36u;
  let s = quad % 64u / 8u;
  let d = vec2f(half_value(w[start]), half_value(w[start] >> 16u)) * sub_scales(start + 1u, s);
  let q = w[start + 4u + s / 2u * 8u + quad % 8u] >> (4u * (s % 2u));
  return d.x * bytes4(q & 0x0f0f0f0fu) - d.y;
}
