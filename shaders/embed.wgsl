// uses: weight grid reduce
// Token embedding: row `tokens[t]` of the table, times SCALE.
//
//   forward    y[t] = SCALE * w[tokens[t]]
//   backward   dw[v] += SCALE * Σ dy[t] over the rows t whose token is v; only where the table is trained
//
// A table's row belongs to the first row that has its token: that one sums all of them in order, so the result is always the
// same, to the bit.

override SCALE: f32;

@group(0) @binding(0) var<storage, read> tokens: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> dy: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> dw: array<vec4f>;

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let i = linear_index(id, groups, lane);
  if (i >= arrayLength(&y)) { return; }
  let row = i / (W_COLS / 4u);
  y[i] = SCALE * load_weight4(tokens[row], i % (W_COLS / 4u));
}

@compute @workgroup_size(LANES)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let row = id.y * groups.x + id.x;
  let rows = arrayLength(&tokens);
  let token = tokens[min(row, rows - 1u)];
  var before = f32(row >= rows);
  for (var i = lane; i < min(row, rows); i += LANES) { before = max(before, f32(tokens[i] == token)); }
  if (workgroup_max(lane, before) > 0.0) { return; }
  let quads = W_COLS / 4u;
  for (var quad = lane; quad < quads; quad += LANES) {
    var sum = vec4f();
    for (var i = row; i < rows; i++) {
      if (tokens[i] == token) { sum += dy[i * quads + quad]; }
    }
    dw[token * quads + quad] += SCALE * sum;
  }
}
