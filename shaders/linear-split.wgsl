// uses: product gathered
// The products of linear.wgsl where y is small and the sum is long: few rows (decoding), or few columns (LoRA's h and dh).
// SPLIT lanes share a tile; each sums every SPLIT-th quad, so that neighbours read neighbouring words of the weight, and
// their parts are added in a tree, always in the same order.

const TILES = 64u / SPLIT;

struct Place { row: u32, quad: u32, first: u32 }

fn place(group: vec3u, index: u32, width: u32) -> Place {
  return Place(group.y * ROWS, min(group.x * TILES + index / SPLIT, width - 1u), index % SPLIT);
}

fn store_sum(tile: Tile, at: Place, index: u32, width: u32) {
  var sum = Tile(gathered(tile.a, index), mat4x4f(), mat4x4f(), mat4x4f());
  if (ROWS > 4u) { sum.b = gathered(tile.b, index); }
  if (ROWS > 8u) {
    sum.c = gathered(tile.c, index);
    sum.d = gathered(tile.d, index);
  }
  if (at.first == 0u) { store(sum, at.row, at.quad, width); }
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, N / 4u);
  var tile: Tile;
  forward_tile(&tile, at.row, at.quad, at.first, SPLIT);
  store_sum(tile, at, index, N / 4u);
}

@compute @workgroup_size(64)
fn forward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, N / 4u);
  var tile: Tile;
  forward_tile(&tile, at.row, at.quad, at.first, SPLIT);
  forward_low(&tile, at.row, at.quad, at.first, SPLIT);
  store_sum(tile, at, index, N / 4u);
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, K / 4u);
  var tile: Tile;
  backward_tile(&tile, at.row, at.quad, at.first, SPLIT);
  store_sum(tile, at, index, K / 4u);
}

@compute @workgroup_size(64)
fn backward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index, K / 4u);
  var tile: Tile;
  backward_tile(&tile, at.row, at.quad, at.first, SPLIT);
  backward_low(&tile, at.row, at.quad, at.first, SPLIT);
  store_sum(tile, at, index, K / 4u);
}
