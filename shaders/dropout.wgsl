// uses: step grid
// Dropout (Srivastava et al. 2014) of what a LoRA pair reads. Which values fall is hashed (PCG, Jarzynski and Olano 2020)
// from the Step's seed, the place in the model (SITE) and the value's index, so that the backward, and a run that is
// resumed, draw the same mask without keeping it.
//
//   mask       = hash / 2^32 < RATE ? 0 : 1 / (1 - RATE)
//   forward    y = mask · x
//   backward   dx += adapter_scale · mask · z         z: gradient of y before the adapter's scale

override RATE: f32;
override SITE: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> z: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dx: array<vec4f>;

fn pcg(value: u32) -> u32 {
  let state = value * 747796405u + 2891336453u;
  let word = ((state >> ((state >> 28u) + 4u)) ^ state) * 277803737u;
  return (word >> 22u) ^ word;
}

// Draws have 24 bits, which f32 holds exactly.
fn mask(quad: u32) -> vec4f {
  let key = pcg(SITE ^ pcg(u32(step.seed)));
  let first = quad * 4u;
  let draws = vec4f(
    f32(pcg(first ^ key) >> 8u), f32(pcg((first + 1u) ^ key) >> 8u),
    f32(pcg((first + 2u) ^ key) >> 8u), f32(pcg((first + 3u) ^ key) >> 8u));
  return select(vec4f(1.0 / (1.0 - RATE)), vec4f(), draws < vec4f(RATE * 16777216.0));
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&y)) { y[i] = mask(i) * x[i]; }
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&dx)) { dx[i] += step.adapter_scale * mask(i) * z[i]; }
}
