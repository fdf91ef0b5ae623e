// Weights as GGUF Q8_0: blocks of 32, x = d q.
// Row: f16 d[blocks], padded to a word; then per block i8 q[32].
override W_COLS: u32;
override W_BLOCKS: u32 = W_COLS / 32u;
override W_SCALE_WORDS: u32 = (W_BLOCKS + 1u) / 2u;
override W_ROW_WORDS: u32 = W_SCALE_WORDS + W_BLOCKS * 8u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

// f16 by integer arithmetic: some devices flush subnormal halves to zero, and small scales are subnormal.
fn half_value(bits: u32) -> f32 {
  let normal = bitcast<f32>(((bits & 0x7fffu) << 13u) + 0x38000000u);
  let magnitude = select(normal, f32(bits & 0x3ffu) * 5.9604644775390625e-8, (bits & 0x7c00u) == 0u);
  return select(magnitude, -magnitude, (bits & 0x8000u) != 0u);
}

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS;
  let block = quad / 8u;
  let d = half_value(w[start + block / 2u] >> (16u * (block % 2u)));
  let q = bitcast<i32>(w[start + W_SCALE_WORDS + quad]);
  return d * vec4f((vec4i(q) << vec4u(24u, 16u, 8u, 0u)) >> vec4u(24u));
}
