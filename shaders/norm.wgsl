// uses: reduce
// Global L2 norm of one flat buffer, in two passes: PARTS partial sums of squares, then their root.

override PARTS: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> partial: array<f32>;
@group(0) @binding(2) var<storage, read> parts: array<f32>;
@group(0) @binding(3) var<storage, read_write> norm: array<f32>;

@compute @workgroup_size(LANES)
fn partial_sums(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = id.x * LANES + lane; i < arrayLength(&x); i += PARTS * LANES) { sum += dot(x[i], x[i]); }
  let total = workgroup_sum(lane, sum);
  if (lane == 0u) { partial[id.x] = total; }
}

@compute @workgroup_size(LANES)
fn root(@builtin(local_invocation_index) lane: u32) {
  var sum = 0.0;
  for (var i = lane; i < PARTS; i += LANES) { sum += parts[i]; }
  let total = workgroup_sum(lane, sum);
  if (lane == 0u) { norm[0] = sqrt(total); }
}
