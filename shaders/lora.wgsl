// uses: step left gathered
// Gradient of a LoRA matrix: a sum over the token axis, added to what is there.
//
//   gradient   g[M, N] += scale · left[T, M]ᵀ · right[T, N]
//
// B's gradient has left = dy, right = h; A's has left = dh, right = x. The forward half lives in linear.wgsl, fused
// into the projection. A lane makes up to 16 × 4 values, four tokens at a time: g's rows += 4 tokens of right as a matrix ·
// their left values. SPLIT lanes share a tile, each with its part of the tokens. M, N and T are multiples of 4.

override M: u32;
override N: u32;
override FLIPPED: u32 = 0;  // 1: g is [N, M]. The narrow matrix is best on the left, where a lane takes all of it.
const TALL = min(M / 4u, 4u);  // quads of rows of a tile

@group(0) @binding(1) var<storage, read> right: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> g: array<vec4f>;

@compute @workgroup_size(64)
fn gradient(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  const wide = N / 4u;
  const high = M / 4u;
  meet(index);
  // Lanes past the end repeat the last column and store nothing, so that none leaves early.
  let x = group.x * (64u / SPLIT) + index / SPLIT;
  let quad = min(x, wide - 1u);
  let rows = min(group.y * TALL, high - TALL);
  var a = mat4x4f(); var b = mat4x4f(); var c = mat4x4f(); var d = mat4x4f();
  let tokens = arrayLength(&right) / wide;
  for (var begin = 0u; begin < tokens; begin += 4u * SPLIT) {
    let t = begin + 4u * (index % SPLIT);
    let at = (t + order()) * wide + quad;
    let m = f32(t < tokens) * mat4x4f(right[at.x], right[at.y], right[at.z], right[at.w]);
    let from_left = t * high + rows;
    a += m * left_columns(from_left, high);
    if (TALL > 1u) { b += m * left_columns(from_left + 1u, high); }
    if (TALL > 2u) { c += m * left_columns(from_left + 2u, high); }
    if (TALL > 3u) { d += m * left_columns(from_left + 3u, high); }
  }
  let first = x < wide && index % SPLIT == 0u;
  add_part(a, index, 0u, rows, group.y, quad, first);
  if (TALL > 1u) { add_part(b, index, 1u, rows, group.y, quad, first); }
  if (TALL > 2u) { add_part(c, index, 2u, rows, group.y, quad, first); }
  if (TALL > 3u) { add_part(d, index, 3u, rows, group.y, quad, first); }
}

// Quads of four tokens: a column holds one of their columns.
fn left_columns(at: u32, width: u32) -> mat4x4f { return transpose(left_rows(at, width)); }

// The last tile may begin inside the one before it: what that one adds is left to it.
fn add_part(mine: mat4x4f, index: u32, part: u32, rows: u32, tile: u32, quad: u32, first: bool) {
  let sum = step.adapter_scale * gathered(mine, index);
  let row = rows + part;
  if (!first || row < tile * TALL) { return; }
  if (FLIPPED == 1u) {
    let turned_sum = transpose(sum);
    for (var i = 0u; i < 4u; i++) { g[(quad * 4u + i) * (M / 4u) + row] += turned_sum[i]; }
  } else {
    for (var i = 0u; i < 4u; i++) { g[(row * 4u + i) * (N / 4u) + quad] += sum[i]; }
  }
}
