// Weights as NormalFloat4 (QLoRA): blocks of 64, x = a NF4[q], a the largest magnitude of the block.
// Row: per block f32 a, u8 q[32], byte j holding value j low and j + 32 high.
override W_COLS: u32;
override W_ROW_WORDS: u32 = W_COLS / 64u * 9u;
@group(0) @binding(10) var<storage, read> w: array<u32>;

const NF4 = array<f32, 16>(
  -1.0, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
  -0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0.0,
  0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
  0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1.0);

fn load_weight4(row: u32, quad: u32) -> vec4f {
  let start = row * W_ROW_WORDS + quad / 16u * 9u;
  let part = quad % 16u;
  let q = (vec4u(w[start + 1u + part % 8u] >> (4u * (part / 8u))) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(15u);
  return bitcast<f32>(w[start]) * vec4f(NF4[q.x], NF4[q.y], NF4[q.z], NF4[q.w]);
}
