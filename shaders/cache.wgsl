// uses: grid
// Writes rows into the key or value cache: cache[slots[t]] = x[t]. A slot of none (0xffffffff) is skipped.

override WIDTH: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read> slots: array<u32>;
@group(0) @binding(2) var<storage, read_write> cache: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&x)) { return; }
  let slot = slots[i / (WIDTH / 4u)];
  if (slot != 0xffffffffu) { cache[slot * (WIDTH / 4u) + i % (WIDTH / 4u)] = x[i]; }
}
