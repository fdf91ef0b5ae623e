enable f16;
// Weights as f16 on a device that has the type.
override W_COLS: u32;
@group(0) @binding(10) var<storage, read> w: array<vec4<f16>>;

fn load_weight4(row: u32, quad: u32) -> vec4f { return vec4f(w[row * (W_COLS / 4u) + quad]); }
