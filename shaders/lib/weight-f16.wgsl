// Weights as f16, two to a word; unpacking needs no shader-f16 feature.
override W_COLS: u32;
@group(0) @binding(10) var<storage, read> w: array<vec2u>;

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let packed = w[row * (W_COLS / 4u) + quad];
  return vec4f(unpack2x16float(packed.x), unpack2x16float(packed.y));
}
