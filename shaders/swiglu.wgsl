// uses: grid
// A gated unit: y = act(gate) * up with act(g) = g * s, s = 1 / (1 + exp(-z)), z = SLOPE * g + CUBIC * g^3.
// SiLU is SLOPE 1, CUBIC 0; GELU by tanh is SLOPE 2 sqrt(2/pi), CUBIC 0.044715 of that.
//
//   backward   dgate = dy * up * s * (1 + g * (1 - s) * (SLOPE + 3 CUBIC g^2))      dup = dy * act(g)

override SLOPE: f32;
override CUBIC: f32;

@group(0) @binding(0) var<storage, read> gate: array<vec4f>;
@group(0) @binding(1) var<storage, read> up: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(3) var<storage, read> dy: array<vec4f>;
@group(0) @binding(4) var<storage, read_write> dgate: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dup: array<vec4f>;

// The cube grows fast; beyond 80 the sigmoid is 0 in f32 anyway, and exp must not overflow.
fn sigmoid(g: vec4f) -> vec4f { return 1.0 / (1.0 + exp(min(-g * (SLOPE + CUBIC * g * g), vec4f(80.0)))); }

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
  dgate[i] = dy[i] * up[i] * s * (1.0 + g * (1.0 - s) * (SLOPE + 3.0 * CUBIC * g * g));
  dup[i] = dy[i] * g * s;
}
