// uses: step grid reduce
// The magnitude of a projection with a LoRA pair (DoRA, Liu et al. 2024): its columns, each of the length that is learned
// instead of the one that its row of W + s·B·A has. That length (`norm`) counts as a constant in the backward, as
// section 4.3 of the paper and PEFT have it. With the adapter off nothing changes.
//
//   forward    y  = u · m / norm
//   backward   du = dy · m / norm
//   gradient   dm += Σ dy[t] · u[t] / norm over the rows

override WIDTH: u32;

@group(0) @binding(0) var<storage, read> u: array<vec4f>;
@group(0) @binding(1) var<storage, read> m: array<vec4f>;
@group(0) @binding(2) var<storage, read> norm: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> du: array<vec4f>;
@group(0) @binding(6) var<storage, read_write> dm: array<vec4f>;

// A row of zeros has no direction; it stays zero.
fn inverse(quad: u32) -> vec4f { return 1.0 / max(norm[quad], vec4f(1e-20)); }
fn ratio(quad: u32) -> vec4f { return select(m[quad] * inverse(quad), vec4f(1.0), step.adapter_scale == 0.0); }

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&y)) { y[i] = u[i] * ratio(i % (WIDTH / 4u)); }
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i < arrayLength(&du)) { du[i] = dy[i] * ratio(i % (WIDTH / 4u)); }
}

// One workgroup for four columns.
@compute @workgroup_size(LANES)
fn gradient(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) {
  let quads = WIDTH / 4u;
  var sum = vec4f();
  for (var i = lane * quads + id.x; i < arrayLength(&dy); i += LANES * quads) { sum += dy[i] * u[i]; }
  let total = vec4f(workgroup_sum(lane, sum.x), workgroup_sum(lane, sum.y), workgroup_sum(lane, sum.z), workgroup_sum(lane, sum.w));
  if (lane == 0u) { dm[id.x] += total * inverse(id.x); }
}
