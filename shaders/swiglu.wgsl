// uses: grid
// SwiGLU: y = silu(gate) * up with silu(g) = g * s, s = 1 / (1 + exp(-g)).
//
//   backward   dgate = dy * up * s * (1 + g * (1 - s))      dup = dy * silu(g)

@group(0) @binding(0) var<storage, read> gate: array<vec4f>;
@group(0) @binding(1) var<storage, read> up: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dgate: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dup: array<vec4f>;

fn sigmoid(g: vec4f) -> vec4f { return 1.0 / (1.0 + exp(-g)); }

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&y)) { y[i] = gate[i] * sigmoid(gate[i]) * up[i]; }
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&dy)) { return; }
  let g = gate[i];
  let s = sigmoid(g);
  dgate[i] = dy[i] * up[i] * s * (1.0 + g * (1.0 - s));
  dup[i] = dy[i] * g * s;
}
