// uses: grid
// Rows by index: the loss head computes labelled tokens only.
//
//   forward    y[l] = x[rows[l]]           none (0xffffffff) gives zeros
//   backward   dx[t] = dy[slots[t]]        slots is the inverse of rows, so no two lanes write one row
//
// Both are the same copy with another index.

override WIDTH: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> index: array<u32>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&y)) { return; }
  let from_row = index[i / (WIDTH / 4u)];
  if (from_row == 0xffffffffu) { y[i] = vec4f(); } else { y[i] = x[from_row * (WIDTH / 4u) + i % (WIDTH / 4u)]; }
}
