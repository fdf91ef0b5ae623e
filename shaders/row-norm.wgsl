// uses: weight step reduce
// Length of every row of a weight with a LoRA pair in it, without making that sum: W row by row in whatever format it has.
//
//   norm[o] = ‖ W[o] + adapter_scale · Σ b[o, r] a[r] ‖

override RANK: u32;

@group(0) @binding(0) var<storage, read> a: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<f32>;
@group(0) @binding(2) var<storage, read_write> norm: array<f32>;

// One workgroup per row.
@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = id.y * groups.x + id.x;
  let last = min(row, arrayLength(&norm) - 1u);
  let quads = W_COLS / 4u;
  var sum = 0.0;
  for (var quad = lane; quad < quads; quad += LANES) {
    var low = vec4f();
    for (var r = 0u; r < RANK; r++) { low += b[last * RANK + r] * a[r * quads + quad]; }
    let value = load_weight4(last, quad) + step.adapter_scale * low;
    sum += dot(value, value);
  }
  let total = workgroup_sum(lane, sum);
  if (lane == 0u && row == last) { norm[row] = sqrt(total); }
}
