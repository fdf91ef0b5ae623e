// uses: unpack
// Weights as GGUF Q4_1: blocks of 32, x = d q + m.
// Row: per block f16 d, f16 m, u8 q[16], byte j holding value j low and j + 16 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 32u * 5u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 8u * 5u;
  let part = quad % 8u;
  let scales = w[start];
  let q = w[start + 1u + part % 4u] >> (4u * (part / 4u));
  return half_value(scales) * bytes4(q & 0x0f0f0f0fu) + half_value(scales >> 16u);
}
