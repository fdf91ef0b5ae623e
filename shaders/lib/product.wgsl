// uses: weight step left
// One lane's tile of a product with a frozen weight, ROWS × 4 values in registers, and of the LoRA pair beside it:
//
//   forward    y[T, N] = left[T, K] · w[N, K]ᵀ  (+ scale · low[T, RANK] · factor[N, RANK]ᵀ)
//   backward   y[T, K] = left[T, N] · w[N, K]   (+ scale · low[T, RANK] · factor[RANK, K])
//
// A column of a matrix here is a row of y or of left, so that y's rows += m · left's rows, where m is a 4×4 piece of the
// weight, transposed in the forward. Rows come four at a time, in the lane's order (lanes-*.wgsl).
// K, N and RANK are multiples of 4. Rows behind the end are computed from what the border repeats, and not stored.

override K: u32;
override N: u32;
override W_ROWS: u32;  // rows that w really has; N may be rounded up to a multiple of 4
override RANK: u32 = 4;
override ROWS: u32 = 8;  // 1, 4, 8 or 16

@group(0) @binding(1) var<storage, read> low: array<vec4f>;
@group(0) @binding(2) var<storage, read> factor: array<vec4f>;
@group(0) @binding(3) var<storage, read_write> y: array<vec4f>;

struct Tile { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

// Rows n … n+3 of w at column quad k. Rows past the end repeat the last one: what they yield lands in the padding of
// y, or meets a zero in dy.
fn forward_block(n: u32, k: u32) -> mat4x4f {
  let last = W_ROWS - 1u;
  return transpose(mat4x4f(
    load_weight4(min(n, last), k), load_weight4(min(n + 1u, last), k),
    load_weight4(min(n + 2u, last), k), load_weight4(min(n + 3u, last), k)));
}

fn backward_block(n: u32, quad: u32) -> mat4x4f {
  let last = W_ROWS - 1u;
  return mat4x4f(
    load_weight4(min(n, last), quad), load_weight4(min(n + 1u, last), quad),
    load_weight4(min(n + 2u, last), quad), load_weight4(min(n + 3u, last), quad));
}

fn low_rows(at: u32) -> mat4x4f {
  let row = at + order() * (RANK / 4u);
  if (SHARED) { return swapped(low[row.x]); }
  return mat4x4f(low[row.x], low[row.y], low[row.z], low[row.w]);
}

fn add_left(y: ptr<function, Tile>, m: mat4x4f, at: u32, width: u32) {
  if (ROWS == 1u) {
    (*y).a[0] += m * left[at];
    return;
  }
  (*y).a += m * left_rows(at, width);
  if (ROWS > 4u) { (*y).b += m * left_rows(at + 4u * width, width); }
  if (ROWS > 8u) {
    (*y).c += m * left_rows(at + 8u * width, width);
    (*y).d += m * left_rows(at + 12u * width, width);
  }
}

fn add_low(y: ptr<function, Tile>, m: mat4x4f, at: u32) {
  const width = RANK;
  if (ROWS == 1u) {
    (*y).a[0] += m * low[at];
    return;
  }
  (*y).a += m * low_rows(at);
  if (ROWS > 4u) { (*y).b += m * low_rows(at + width); }
  if (ROWS > 8u) {
    (*y).c += m * low_rows(at + 2u * width);
    (*y).d += m * low_rows(at + 3u * width);
  }
}

// Adds the share of every `stride`-th quad along the sum, from `first`.
fn forward_tile(y: ptr<function, Tile>, row: u32, quad: u32, first: u32, stride: u32) {
  const width = K / 4u;
  for (var k = first; k < width; k += stride) { add_left(y, forward_block(quad * 4u, k), row * width + k, width); }
}

fn backward_tile(y: ptr<function, Tile>, row: u32, quad: u32, first: u32, stride: u32) {
  const width = N / 4u;
  for (var n = first; n < width; n += stride) { add_left(y, backward_block(n * 4u, quad), row * width + n, width); }
}

// The pair's second matrix in the same pieces, scaled: rows 4 quad … of b, rows 4 r … of a.
fn forward_factor(quad: u32, r: u32) -> mat4x4f {
  const width = RANK / 4u;
  let at = quad * RANK + r;
  return step.adapter_scale * transpose(mat4x4f(
    factor[at], factor[at + width], factor[at + 2u * width], factor[at + 3u * width]));
}

fn backward_factor(r: u32, quad: u32) -> mat4x4f {
  const width = K / 4u;
  let at = r * K + quad;
  return step.adapter_scale * mat4x4f(
    factor[at], factor[at + width], factor[at + 2u * width], factor[at + 3u * width]);
}

fn forward_low(y: ptr<function, Tile>, row: u32, quad: u32, first: u32, stride: u32) {
  const width = RANK / 4u;
  for (var r = first; r < width; r += stride) { add_low(y, forward_factor(quad, r), row * width + r); }
}

fn backward_low(y: ptr<function, Tile>, row: u32, quad: u32, first: u32, stride: u32) {
  const width = RANK / 4u;
  for (var r = first; r < width; r += stride) { add_low(y, backward_factor(r, quad), row * width + r); }
}

fn store_rows(m: mat4x4f, row: u32, quad: u32, width: u32) {
  let rows = arrayLength(&y) / width;
  if (ROWS == 1u) {
    if (row < rows) { y[row * width + quad] = m[0]; }
    return;
  }
  let at = row + order();
  for (var i = 0u; i < 4u; i++) {
    if (at[i] < rows) { y[at[i] * width + quad] = m[i]; }
  }
}

fn store(tile: Tile, row: u32, quad: u32, width: u32) {
  store_rows(tile.a, row, quad, width);
  if (ROWS > 4u) { store_rows(tile.b, row + 4u, quad, width); }
  if (ROWS > 8u) {
    store_rows(tile.c, row + 8u, quad, width);
    store_rows(tile.d, row + 12u, quad, width);
  }
}
