// Weights as f32: four values of a row to a load. W_COLS is the row's width.
override W_COLS: u32;
@group(0) @binding(10) var<storage, read> w: array<vec4f>;

fn load_weight4(row: u32, quad: u32) -> vec4f { return w[row * (W_COLS / 4u) + quad]; }
