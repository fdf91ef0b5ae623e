// Weights as GGUF Q4_1: blocks of 32, x = d q + m.
// Row: per block f16 d, f16 m, u8 q[16], byte j holding value j low and j + 16 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 32u * 5u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

// f16 by integer arithmetic: some devices flush subnormal halves to zero, and small scales are subnormal.
fn half_value(bits: u32) -> f32 {
  let normal = bitcast<f32>(((bits & 0x7fffu) << 13u) + 0x38000000u);
  let magnitude = select(normal, f32(bits & 0x3ffu) * 5.9604644775390625e-8, (bits & 0x7c00u) == 0u);
  return select(magnitude, -magnitude, (bits & 0x8000u) != 0u);
}
fn bytes4(word: u32) -> vec4f { return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u)); }

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 8u * 5u;
  let part = quad % 8u;
  let scales = w[start];
  let q = w[start + 1u + part % 4u] >> (4u * (part / 4u));
  return half_value(scales) * bytes4(q & 0x0f0f0f0fu) + half_value(scales >> 16u);
}
