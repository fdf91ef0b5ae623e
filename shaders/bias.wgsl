// uses: grid reduce
// Adds one vector to every row.
//
//   forward    y[t] = x[t] + b
//   backward   dx = dy, without a kernel;  db += Σ dy[t] over the rows, only where b is trained

override WIDTH: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> b: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> db: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&y)) { y[i] = x[i] + b[i % (WIDTH / 4u)]; }
}

// One workgroup for four columns.
@compute @workgroup_size(LANES)
fn gradient(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let quads = WIDTH / 4u;
  var sum = vec4f();
  for (var i = lane * quads + id.x; i < arrayLength(&dy); i += LANES * quads) { sum += dy[i]; }
  let total = vec4f(workgroup_sum(lane, sum.x), workgroup_sum(lane, sum.y), workgroup_sum(lane, sum.z), workgroup_sum(lane, sum.w));
  if (lane == 0u) { db[id.x] += total; }
}
