// Causal attention over a packed token axis: row t attends to keys span[t].x ≤ j < span[t].y. Training passes the
// sequence's start and t + 1; generation passes a range of the key/value cache. Softmax is online (Milakov and
// Gimelshein 2018), so no row of scores is ever stored; the backward recomputes them from the saved log-sum-exp
// (Dao et al. 2022).
//
//   forward   y = Σ p v,  p = exp(s - lse),  s = SCALE q·k
//   delta     stats = (lse, Σ y dy) per row and head
//   dq        Σ_j ds k SCALE         with ds = p (dy·v - delta)
//   dkv       dv = Σ_t p dy          dk = Σ_t ds q SCALE, over the rows t that see key j and the heads that share it
//
// One lane owns one (row, head). q, y: [T, HEADS·D]; k, v: [S, KV_HEADS·D]; stats: [T, HEADS]

override HEADS: u32;
override KV_HEADS: u32;
override HEAD_DIM: u32;
override SCALE: f32;

@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read> span: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<storage, read> out: array<vec4f>;
@group(0) @binding(7) var<storage, read> dy: array<vec4f>;
@group(0) @binding(8) var<storage, read> saved: array<f32>;
@group(0) @binding(9) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(11) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(12) var<storage, read_write> dq: array<vec4f>;
@group(0) @binding(13) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(14) var<storage, read_write> dv: array<vec4f>;

const QUADS = HEAD_DIM / 4u;
const GROUP = HEADS / KV_HEADS;

@compute @workgroup_size(64)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&lse)) { return; }
  let range = span[id.x / HEADS];
  let shared_head = (id.x % HEADS) / GROUP;
  var query: array<vec4f, QUADS>;
  var sum: array<vec4f, QUADS>;
  for (var i = 0u; i < QUADS; i++) { query[i] = SCALE * q[id.x * QUADS + i]; }
  var largest = -3.0e38;
  var total = 0.0;
  for (var j = range.x; j < range.y; j++) {
    let at = (j * KV_HEADS + shared_head) * QUADS;
    var s = 0.0;
    for (var i = 0u; i < QUADS; i++) { s += dot(query[i], k[at + i]); }
    if (s > largest) {
      let shrink = exp(largest - s);
      total *= shrink;
      for (var i = 0u; i < QUADS; i++) { sum[i] *= shrink; }
      largest = s;
    }
    let p = exp(s - largest);
    total += p;
    for (var i = 0u; i < QUADS; i++) { sum[i] += p * v[at + i]; }
  }
  for (var i = 0u; i < QUADS; i++) { y[id.x * QUADS + i] = sum[i] / total; }
  lse[id.x] = largest + log(total);
}

@compute @workgroup_size(64)
fn delta(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&stats)) { return; }
  var sum = 0.0;
  for (var i = id.x * QUADS; i < (id.x + 1u) * QUADS; i++) { sum += dot(out[i], dy[i]); }
  stats[id.x] = vec2f(saved[id.x], sum);
}

@compute @workgroup_size(64)
fn backward_q(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&row_stats)) { return; }
  let range = span[id.x / HEADS];
  let shared_head = (id.x % HEADS) / GROUP;
  let stat = row_stats[id.x];
  var query: array<vec4f, QUADS>;
  var upstream: array<vec4f, QUADS>;
  var sum: array<vec4f, QUADS>;
  for (var i = 0u; i < QUADS; i++) {
    query[i] = SCALE * q[id.x * QUADS + i];
    upstream[i] = dy[id.x * QUADS + i];
  }
  for (var j = range.x; j < range.y; j++) {
    let at = (j * KV_HEADS + shared_head) * QUADS;
    var s = 0.0;
    var dp = 0.0;
    for (var i = 0u; i < QUADS; i++) { s += dot(query[i], k[at + i]); dp += dot(upstream[i], v[at + i]); }
    let ds = SCALE * exp(s - stat.x) * (dp - stat.y);
    for (var i = 0u; i < QUADS; i++) { sum[i] += ds * k[at + i]; }
  }
  for (var i = 0u; i < QUADS; i++) { dq[id.x * QUADS + i] = sum[i]; }
}

// The rows that see key j are j, j+1, … until a row starts behind j: starts never decrease along the axis.
@compute @workgroup_size(64)
fn backward_kv(@builtin(global_invocation_id) id: vec3u) {
  let rows = arrayLength(&span);
  let j = id.x / KV_HEADS;
  let shared_head = id.x % KV_HEADS;
  if (j >= rows) { return; }
  var key: array<vec4f, QUADS>;
  var value: array<vec4f, QUADS>;
  var sum_k: array<vec4f, QUADS>;
  var sum_v: array<vec4f, QUADS>;
  for (var i = 0u; i < QUADS; i++) { key[i] = SCALE * k[id.x * QUADS + i]; value[i] = v[id.x * QUADS + i]; }
  for (var t = j; t < rows && span[t].x <= j; t++) {
    for (var head = t * HEADS + shared_head * GROUP; head < t * HEADS + (shared_head + 1u) * GROUP; head++) {
      let at = head * QUADS;
      let stat = row_stats[head];
      var s = 0.0;
      var dp = 0.0;
      for (var i = 0u; i < QUADS; i++) { s += dot(key[i], q[at + i]); dp += dot(value[i], dy[at + i]); }
      let p = exp(s - stat.x);
      let ds = SCALE * p * (dp - stat.y);
      for (var i = 0u; i < QUADS; i++) { sum_v[i] += p * dy[at + i]; sum_k[i] += ds * q[at + i]; }
    }
  }
  for (var i = 0u; i < QUADS; i++) { dk[id.x * QUADS + i] = sum_k[i]; dv[id.x * QUADS + i] = sum_v[i]; }
}
