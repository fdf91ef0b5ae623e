// uses: product
// y = x · wᵀ for a frozen weight in any storage format, its gradient dx = dy · w, and both with a LoRA pair beside it
// (h = x · aᵀ and dh = dy · b are made by `forward` and `backward` themselves). Registers only: what lanes share costs
// software adapters 2–3×. Formulas: lib/product.wgsl. Siblings: linear-split for few values, linear-shared for many.

override LANES_X: u32;  // lanes side by side along y's columns, a multiple of 4; the others lie along its rows

struct Place { row: u32, quad: u32 }

// Lanes past the last column repeat it, so that no lane leaves early.
fn place(group: vec3u, index: u32, width: u32) -> Place {
  meet(index);
  let row = (group.y * (64u / LANES_X) + index / LANES_X) * ROWS;
  return Place(row, min(group.x * LANES_X + index % LANES_X, width - 1u));
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, N / 4u);
  var tile: Tile;
  forward_tile(&tile, at.row, at.quad, 0u, 1u);
  store(tile, at.row, at.quad, N / 4u);
}

@compute @workgroup_size(64)
fn forward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, N / 4u);
  var tile: Tile;
  forward_tile(&tile, at.row, at.quad, 0u, 1u);
  forward_low(&tile, at.row, at.quad, 0u, 1u);
  store(tile, at.row, at.quad, N / 4u);
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, K / 4u);
  var tile: Tile;
  backward_tile(&tile, at.row, at.quad, 0u, 1u);
  store(tile, at.row, at.quad, K / 4u);
}

@compute @workgroup_size(64)
fn backward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, K / 4u);
  var tile: Tile;
  backward_tile(&tile, at.row, at.quad, 0u, 1u);
  backward_low(&tile, at.row, at.quad, 0u, 1u);
  store(tile, at.row, at.quad, K / 4u);
}
