// uses: product
// The products of linear.wgsl through workgroup memory, for GPUs: 64 lanes make a tile of SIDE × SIDE quads (32 × 32 or
// 64 × 64 values). Each lane loads one 4×4 block of the left matrix and one of the weight, so a quantised weight is
// unpacked once for all rows of the tile; then each adds outer products of quads that its neighbours loaded.

override SIDE: u32;           // 8 or 16
const SLICE = 64u / SIDE;     // quads of the sum that are shared at once

// [4 SLICE][SIDE]: along the sum, then quads of rows, or of columns.
var<workgroup> lefts: array<vec4f, 256>;
var<workgroup> rights: array<vec4f, 256>;

struct Place { row: u32, quad: u32, side: u32, part: u32, x: u32, y: u32 }

fn place(group: vec3u, index: u32) -> Place {
  return Place(group.y * SIDE * 4u, group.x * SIDE, index / SLICE, index % SLICE, index % 8u, index / 8u);
}

fn share(at: Place, left_block: mat4x4f, right_block: mat4x4f) {
  let rows = transpose(left_block);
  workgroupBarrier();
  for (var i = 0u; i < 4u; i++) {
    lefts[(at.part * 4u + i) * SIDE + at.side] = rows[i];
    rights[(at.part * 4u + i) * SIDE + at.side] = right_block[i];
  }
  workgroupBarrier();
}

fn outer(right: vec4f, left: vec4f) -> mat4x4f {
  return mat4x4f(right * left.x, right * left.y, right * left.z, right * left.w);
}

// a, b: the lane's first four rows; c, d: those 32 below. b, d: the columns 32 to the right.
fn add_shared(tile: ptr<function, Tile>, at: Place) {
  for (var i = 0u; i < 4u * SLICE; i++) {
    let l = lefts[i * SIDE + at.y];
    let r = rights[i * SIDE + at.x];
    (*tile).a += outer(r, l);
    if (SIDE > 8u) {
      let below = lefts[i * SIDE + at.y + 8u];
      let beside = rights[i * SIDE + at.x + 8u];
      (*tile).b += outer(beside, l);
      (*tile).c += outer(r, below);
      (*tile).d += outer(beside, below);
    }
  }
}

fn left_block(at: Place, k: u32, width: u32) -> mat4x4f {
  if (k >= width) { return mat4x4f(); }
  return left_rows((at.row + at.side * 4u) * width + k, width);
}

fn low_block(at: Place, r: u32) -> mat4x4f {
  if (r >= RANK / 4u) { return mat4x4f(); }
  return low_rows((at.row + at.side * 4u) * (RANK / 4u) + r);
}

fn store_tile(tile: Tile, at: Place, width: u32) {
  let row = at.row + at.y * 4u;
  let quad = at.quad + at.x;
  store_part(tile.a, row, quad, width);
  if (SIDE > 8u) {
    store_part(tile.b, row, quad + 8u, width);
    store_part(tile.c, row + 32u, quad, width);
    store_part(tile.d, row + 32u, quad + 8u, width);
  }
}

fn store_part(m: mat4x4f, row: u32, quad: u32, width: u32) {
  if (quad < width) { store_rows(m, row, quad, width); }
}

fn forward_product(tile: ptr<function, Tile>, at: Place) {
  const width = K / 4u;
  let quad = min(at.quad + at.side, N / 4u - 1u);
  for (var begin = 0u; begin < width; begin += SLICE) {
    let k = begin + at.part;
    share(at, left_block(at, k, width), forward_block(quad * 4u, min(k, width - 1u)));
    add_shared(tile, at);
  }
}

fn backward_product(tile: ptr<function, Tile>, at: Place) {
  const width = N / 4u;
  let quad = min(at.quad + at.side, K / 4u - 1u);
  for (var begin = 0u; begin < width; begin += SLICE) {
    let n = begin + at.part;
    share(at, left_block(at, n, width), backward_block(n * 4u, quad));
    add_shared(tile, at);
  }
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index);
  var tile: Tile;
  forward_product(&tile, at);
  store_tile(tile, at, N / 4u);
}

@compute @workgroup_size(64)
fn forward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index);
  var tile: Tile;
  forward_product(&tile, at);
  for (var r = 0u; r < RANK / 4u; r += SLICE) {
    let quad = min(at.quad + at.side, N / 4u - 1u);
    share(at, low_block(at, r + at.part), forward_factor(quad, min(r + at.part, RANK / 4u - 1u)));
    add_shared(&tile, at);
  }
  store_tile(tile, at, N / 4u);
}

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index);
  var tile: Tile;
  backward_product(&tile, at);
  store_tile(tile, at, K / 4u);
}

@compute @workgroup_size(64)
fn backward_lora(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let at = place(group, index);
  var tile: Tile;
  backward_product(&tile, at);
  for (var r = 0u; r < RANK / 4u; r += SLICE) {
    let quad = min(at.quad + at.side, K / 4u - 1u);
    share(at, low_block(at, r + at.part), backward_factor(min(r + at.part, RANK / 4u - 1u), quad));
    add_shared(&tile, at);
  }
  store_tile(tile, at, K / 4u);
}
