// uses: step grid
// Muon's step for one matrix w[ROWS, COLUMNS] (Jordan et al. 2024), as torch.optim.Muon computes it; the products of its
// Newton–Schulz iteration are linear's own. x[_, WIDE] is what is made orthogonal: the longer side lies along its rows, so where
// FLIPPED is 1 it is wᵀ, and what pads it is 0.
//
//   momentum    g  = grad · min(1, max_norm / (norm + 1e-6))
//               m += (1 - MOMENTUM) (g - m)
//               x  = g + MOMENTUM (m - g)
//   normalise   x /= max(‖x‖, 1e-7)
//   mix         z  = ALPHA x + BETA z
//   update      w  = w (1 - lr · wd) - lr · SCALE · x      without the decay where DECAYS is 0

override ROWS: u32 = 1;
override COLUMNS: u32 = 1;
override WIDE: u32 = 1;
override FLIPPED: u32 = 0;
override MOMENTUM: f32 = 1.0;
override SCALE: f32 = 1.0;
override DECAYS: f32 = 1.0;
override ALPHA: f32 = 1.0;
override BETA: f32 = 1.0;

@group(0) @binding(0) var<storage, read> grad: array<f32>;
@group(0) @binding(1) var<storage, read> norm: array<f32>;
@group(0) @binding(2) var<storage, read_write> m: array<f32>;
@group(0) @binding(3) var<storage, read_write> x: array<f32>;
@group(0) @binding(4) var<storage, read> length: array<f32>;
@group(0) @binding(5) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(6) var<storage, read> a: array<vec4f>;
@group(0) @binding(7) var<storage, read_write> z: array<vec4f>;
@group(0) @binding(8) var<storage, read> direction: array<f32>;
@group(0) @binding(9) var<storage, read_write> param: array<f32>;

@compute @workgroup_size(64)
fn momentum(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let j = linear_index(id, groups, lane);
  if (j >= arrayLength(&x)) { return; }
  let row = select(j / WIDE, j % WIDE, FLIPPED == 1u);
  let column = select(j % WIDE, j / WIDE, FLIPPED == 1u);
  if (row >= ROWS || column >= COLUMNS) {
    x[j] = 0.0;
    return;
  }
  var clip = 1.0;
  if (step.max_norm > 0.0) { clip = min(1.0, step.max_norm / (norm[0] + 1e-6)); }
  let i = row * COLUMNS + column;
  let g = grad[i] * clip;
  let moved = m[i] + (1.0 - MOMENTUM) * (g - m[i]);
  m[i] = moved;
  x[j] = g + MOMENTUM * (moved - g);
}

@compute @workgroup_size(64)
fn normalise(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&y)) { return; }
  y[i] /= max(length[0], 1e-7);
}

@compute @workgroup_size(64)
fn mix(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&z)) { return; }
  z[i] = ALPHA * a[i] + BETA * z[i];
}

@compute @workgroup_size(64)
fn update(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= ROWS * COLUMNS) { return; }
  let row = i / COLUMNS;
  let column = i % COLUMNS;
  let j = select(row * WIDE + column, column * WIDE + row, FLIPPED == 1u);
  param[i] = param[i] * (1.0 - step.learning_rate * step.weight_decay * DECAYS) - step.learning_rate * SCALE * direction[j];
}
