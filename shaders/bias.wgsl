// uses: grid
// Adds one vector to every row: y[t] = x[t] + b. The bias is frozen and dx = dy, so there is no backward.

override WIDTH: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&y)) { y[i] = x[i] + b[i % (WIDTH / 4u)]; }
}
