// Weights as bf16, two to a word: the upper halves of f32.
override W_COLS: u32;
@group(0) @binding(10) var<storage, read> w: array<vec2u>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let packed = w[row * (W_COLS / 4u) + quad];
  return bitcast<vec4f>(vec4u(packed.x << 16u, packed.x & 0xffff0000u, packed.y << 16u, packed.y & 0xffff0000u));
}
