// uses: weight grid
// Token embedding: row `tokens[t]` of the table, times SCALE.  The table is frozen, so there is no backward.

override SCALE: f32;

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&y)) { return; }
  let row = i / (W_COLS / 4u);
  y[i] = SCALE * load_weight4(tokens[row], i % (W_COLS / 4u));
}
