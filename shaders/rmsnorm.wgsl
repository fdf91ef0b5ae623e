// uses: reduce
// RMSNorm over rows of WIDTH values; one workgroup per row, on a grid that folds where rows are many.
//
//   forward    y  = w * x * r            with r = 1 / sqrt(mean(x^2) + EPS)
//   backward   dx = r * (w*dy - x * r^2 * mean(w*dy*x))
//              dw = Σ terms over the rows, terms = dy * x * r; the sum is bias.wgsl's, and only where w is trained
//
// r is recomputed in the backward: one extra read of x is cheaper than keeping [rows] values alive.

override WIDTH: u32;
override EPS: f32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> w: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> terms: array<vec4f>;

fn inverse_rms(row: u32, lane: u32) -> f32 {
  var sum = 0.0;
  for (var i = lane; i < WIDTH / 4u; i += LANES) { sum += dot(x[row + i], x[row + i]); }
  return inverseSqrt(workgroup_sum(lane, sum) / f32(WIDTH) + EPS);
}

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (id.y * groups.x + id.x) * (WIDTH / 4u);
  if (row >= arrayLength(&x)) { return; }
  let r = inverse_rms(row, lane);
  for (var i = lane; i < WIDTH / 4u; i += LANES) { y[row + i] = w[i] * x[row + i] * r; }
}

@compute @workgroup_size(LANES)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (id.y * groups.x + id.x) * (WIDTH / 4u);
  if (row >= arrayLength(&x)) { return; }
  let r = inverse_rms(row, lane);
  var sum = 0.0;
  for (var i = lane; i < WIDTH / 4u; i += LANES) { sum += dot(w[i] * dy[row + i], x[row + i]); }
  let mean = workgroup_sum(lane, sum) / f32(WIDTH);
  for (var i = lane; i < WIDTH / 4u; i += LANES) {
    dx[row + i] = r * (w[i] * dy[row + i] - x[row + i] * r * r * mean);
  }
}

@compute @workgroup_size(LANES)
fn weight_terms(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = (id.y * groups.x + id.x) * (WIDTH / 4u);
  if (row >= arrayLength(&x)) { return; }
  let r = inverse_rms(row, lane);
  for (var i = lane; i < WIDTH / 4u; i += LANES) { terms[row + i] = dy[row + i] * x[row + i] * r; }
}
