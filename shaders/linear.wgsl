// uses: weight step
// y = x · wᵀ for a frozen weight in any storage format, and its gradient dx = dy · w.
//
//   forward         y[T, N]  = x[T, K] · w[N, K]ᵀ
//   forward_lora    y       += scale · h · bᵀ          h = x · aᵀ, by `forward` itself   [T, R]
//   backward        dx[T, K] = dy[T, N] · w[N, K]
//   backward_lora   dx      += scale · dh · a          dh = dy · b, by `backward` itself [T, R]
//
// One lane makes 8 rows × 4 columns in registers. A 4×4 piece of w is a matrix whose columns are w's rows, so that
// x * m is four dot products along K and m * dy is four multiples of w's rows. No shared memory: it costs software
// adapters 2–3×. T is a multiple of 8; K, N and R are multiples of 4.

override K: u32;
override N: u32;
override W_ROWS: u32;  // rows that w really has; N may be rounded up to a multiple of 4
override RANK: u32 = 4;
override LANES_X: u32;
override LANES_Y: u32;

@group(0) @binding(0) var<storage, read> x: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(2) var<storage, read> h: array<vec4f>;
@group(0) @binding(3) var<storage, read> b: array<vec4f>;
@group(0) @binding(4) var<storage, read> dy: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> dx: array<vec4f>;
@group(0) @binding(6) var<storage, read> dh: array<vec4f>;
@group(0) @binding(7) var<storage, read> a: array<vec4f>;

// Eight rows of one column quad, in registers.
struct Tile { r0: vec4f, r1: vec4f, r2: vec4f, r3: vec4f, r4: vec4f, r5: vec4f, r6: vec4f, r7: vec4f }

// Rows n … n+3 of w at column quad k, as columns of a matrix. Rows past the end repeat the last one: what they
// yield lands in the padding of y, or meets a zero in dy.
fn weight_block(n: u32, k: u32) -> mat4x4f {
  let last = W_ROWS - 1u;
  return mat4x4f(
    load_weight4(min(n, last), k), load_weight4(min(n + 1u, last), k),
    load_weight4(min(n + 2u, last), k), load_weight4(min(n + 3u, last), k));
}

fn forward_tile(row: u32, n: u32) -> Tile {
  const width = K / 4u;
  let at = row * width;
  var c = Tile();
  for (var k = 0u; k < width; k++) {
    let m = weight_block(n, k);
    c.r0 += x[at + k] * m;
    c.r1 += x[at + width + k] * m;
    c.r2 += x[at + 2u * width + k] * m;
    c.r3 += x[at + 3u * width + k] * m;
    c.r4 += x[at + 4u * width + k] * m;
    c.r5 += x[at + 5u * width + k] * m;
    c.r6 += x[at + 6u * width + k] * m;
    c.r7 += x[at + 7u * width + k] * m;
  }
  return c;
}

fn backward_tile(row: u32, quad: u32) -> Tile {
  const width = N / 4u;
  let at = row * width;
  var c = Tile();
  for (var n = 0u; n < width; n++) {
    let m = weight_block(n * 4u, quad);
    c.r0 += m * dy[at + n];
    c.r1 += m * dy[at + width + n];
    c.r2 += m * dy[at + 2u * width + n];
    c.r3 += m * dy[at + 3u * width + n];
    c.r4 += m * dy[at + 4u * width + n];
    c.r5 += m * dy[at + 5u * width + n];
    c.r6 += m * dy[at + 6u * width + n];
    c.r7 += m * dy[at + 7u * width + n];
  }
  return c;
}

fn store_y(c: Tile, row: u32, quad: u32) {
  const width = N / 4u;
  let at = row * width + quad;
  y[at] = c.r0; y[at + width] = c.r1; y[at + 2u * width] = c.r2; y[at + 3u * width] = c.r3;
  y[at + 4u * width] = c.r4; y[at + 5u * width] = c.r5; y[at + 6u * width] = c.r6; y[at + 7u * width] = c.r7;
}

fn store_dx(c: Tile, row: u32, quad: u32) {
  const width = K / 4u;
  let at = row * width + quad;
  dx[at] = c.r0; dx[at + width] = c.r1; dx[at + 2u * width] = c.r2; dx[at + 3u * width] = c.r3;
  dx[at + 4u * width] = c.r4; dx[at + 5u * width] = c.r5; dx[at + 6u * width] = c.r6; dx[at + 7u * width] = c.r7;
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  if (id.x >= N / 4u || row >= arrayLength(&x) / (K / 4u)) { return; }
  store_y(forward_tile(row, id.x * 4u), row, id.x);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn forward_lora(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  if (id.x >= N / 4u || row >= arrayLength(&x) / (K / 4u)) { return; }
  const width = RANK / 4u;
  var c = forward_tile(row, id.x * 4u);
  let at = row * width;
  let from_b = id.x * 4u * width;
  for (var r = 0u; r < width; r++) {
    let m = step.adapter_scale * mat4x4f(
      b[from_b + r], b[from_b + width + r], b[from_b + 2u * width + r], b[from_b + 3u * width + r]);
    c.r0 += h[at + r] * m;
    c.r1 += h[at + width + r] * m;
    c.r2 += h[at + 2u * width + r] * m;
    c.r3 += h[at + 3u * width + r] * m;
    c.r4 += h[at + 4u * width + r] * m;
    c.r5 += h[at + 5u * width + r] * m;
    c.r6 += h[at + 6u * width + r] * m;
    c.r7 += h[at + 7u * width + r] * m;
  }
  store_y(c, row, id.x);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn backward(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  if (id.x >= K / 4u || row >= arrayLength(&dy) / (N / 4u)) { return; }
  store_dx(backward_tile(row, id.x), row, id.x);
}

@compute @workgroup_size(LANES_X, LANES_Y)
fn backward_lora(@builtin(global_invocation_id) id: vec3u) {
  let row = id.y * 8u;
  if (id.x >= K / 4u || row >= arrayLength(&dy) / (N / 4u)) { return; }
  const width = RANK / 4u;
  var c = backward_tile(row, id.x);
  let at = row * width;
  for (var r = 0u; r < width; r++) {
    let from_a = r * 4u * (K / 4u) + id.x;
    let m = step.adapter_scale * mat4x4f(
      a[from_a], a[from_a + K / 4u], a[from_a + 2u * (K / 4u)], a[from_a + 3u * (K / 4u)]);
    c.r0 += m * dh[at + r];
    c.r1 += m * dh[at + width + r];
    c.r2 += m * dh[at + 2u * width + r];
    c.r3 += m * dh[at + 3u * width + r];
    c.r4 += m * dh[at + 4u * width + r];
    c.r5 += m * dh[at + 5u * width + r];
    c.r6 += m * dh[at + 6u * width + r];
    c.r7 += m * dh[at + 7u * width + r];
  }
  store_dx(c, row, id.x);
}
