// What the quantised weight formats share: a stored half as f32, and the four bytes of a word.

// f16 by integer arithmetic: some devices flush subnormal halves to zero, and small scales are subnormal.
fn half_value(bits: u32) -> f32 {
  let normal = bitcast<f32>(((bits & 0x7fffu) << 13u) + 0x38000000u);
  let magnitude = select(normal, f32(bits & 0x3ffu) * 5.9604644775390625e-8, (bits & 0x7c00u) == 0u);
  return select(magnitude, -magnitude, (bits & 0x8000u) != 0u);
}

fn bytes4(word: u32) -> vec4f { return vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u)); }
