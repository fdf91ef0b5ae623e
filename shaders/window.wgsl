// uses: grid
// Narrows what each row sees to its last WINDOW keys: y = (max(first, last - WINDOW), last).
// Where a sequence's rows follow each other, starts still never decrease, which attention's backward needs.

override WINDOW: u32;

@group(0) @binding(0) var<storage, read> span: array<vec2u>;
@group(0) @binding(1) var<storage, read_write> y: array<vec2u>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&y)) { return; }
  let range = span[i];
  y[i] = vec2u(max(range.x, range.y - min(range.y, WINDOW)), range.y);
}
