// uses: attend lanes
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
// A lane makes scores of 4 rows × 16 keys (dkv: 16 rows × 4 keys) in registers, as 4×4 matrices over quads of the head
// dimension, so that each load serves 4 or 16 products. Sums as long as a head live in the output itself: arrays in
// registers spill. Four neighbouring lanes may have keys (dkv: rows) in common, which one of them loads (lanes-*.wgsl);
// nothing waits, which is what software adapters want.

override LANES: u32;  // of a workgroup, a multiple of 4
const STEPS = vec4u(0u, 1u, 2u, 3u);

// QUADS, as a number that compilers do not know: a head of 256 unrolled takes them half a minute.
fn unknown_quads() -> u32 { return arrayLength(&q) / (arrayLength(&span) * HEADS); }

fn q4(at: vec4u) -> mat4x4f { return mat4x4f(q[at.x], q[at.y], q[at.z], q[at.w]); }
fn k4(at: vec4u) -> mat4x4f { return mat4x4f(k[at.x], k[at.y], k[at.z], k[at.w]); }
fn v4(at: vec4u) -> mat4x4f { return mat4x4f(v[at.x], v[at.y], v[at.z], v[at.w]); }
fn dy4(at: vec4u) -> mat4x4f { return mat4x4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }

// The same of what four neighbouring lanes have in common, in the lane's order.
fn shared_q(at: vec4u) -> mat4x4f { if (SHARED) { return swapped(q[at.x]); } return q4(at); }
fn shared_k(at: vec4u) -> mat4x4f { if (SHARED) { return swapped(k[at.x]); } return k4(at); }
fn shared_v(at: vec4u) -> mat4x4f { if (SHARED) { return swapped(v[at.x]); } return v4(at); }
fn shared_dy(at: vec4u) -> mat4x4f { if (SHARED) { return swapped(dy[at.x]); } return dy4(at); }

// Four rows that share one key/value head. A row is (token, head of the group), counted token first; behind the end the
// last row is repeated, and its values are stored twice, the same both times.
struct Rows { at: vec4u, first: vec4u, last: vec4u }

fn rows_of(row: vec4u, shared_head: u32) -> Rows {
  let r = min(row, vec4u(row_count() - 1u));
  let t = r / GROUP;
  let a = span[t.x]; let b = span[t.y]; let c = span[t.z]; let d = span[t.w];
  let at = (t * HEADS + shared_head * GROUP + r % GROUP) * QUADS;
  return Rows(at, vec4u(a.x, b.x, c.x, d.x), vec4u(a.y, b.y, c.y, d.y));
}

fn row_count() -> u32 { return arrayLength(&span) * GROUP; }
fn least4(n: vec4u) -> u32 { return least(min(min(n.x, n.y), min(n.z, n.w))); }
fn most4(n: vec4u) -> u32 { return most(max(max(n.x, n.y), max(n.z, n.w))); }

// Where the quads of 16 keys begin; keys behind the last one repeat it and count for nothing.
struct Keys { a: vec4u, b: vec4u, c: vec4u, d: vec4u }

fn keys_from(key: vec4u, end: u32, shared_head: u32) -> Keys {
  return Keys(
    keys_at(key, end, shared_head), keys_at(key + 4u, end, shared_head),
    keys_at(key + 8u, end, shared_head), keys_at(key + 12u, end, shared_head));
}

fn keys_at(key: vec4u, end: u32, shared_head: u32) -> vec4u {
  return (min(key, vec4u(end - 1u)) * KV_HEADS + shared_head) * QUADS;
}

// What 4 rows and 16 keys have to do with each other, a column to a row (dkv: 16 rows and 4 keys).
struct Block { a: mat4x4f, b: mat4x4f, c: mat4x4f, d: mat4x4f }

// Where a lane's four of `count` rows or keys begin, and their key/value head; the last ones first, because they see the
// most keys. Four neighbouring lanes are of one head: one that is past the end goes along, and stores nothing.
fn tile_of(lane: u32, count: u32) -> vec2u {
  meet(lane);
  let tiles = (count + 15u) / 16u * 4u;
  let first = (tiles - 1u - lane % tiles) * 4u;
  idle = first >= count;
  return vec2u(first, lane / tiles);
}

var<private> idle: bool;

struct Softmax { largest: vec4f, total: vec4f }

// Training: the spans of neighbouring rows lie beside each other.
@compute @workgroup_size(LANES)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let tile = tile_of(id.x, row_count());
  if (tile.y >= KV_HEADS) { return; }
  let rows = rows_of(tile.x + STEPS, tile.y);
  var sums = begun(rows);
  walk(&sums, rows, rows.last, tile.y, least4(rows.first), most4(rows.last));
  finish(sums, rows);
}

// A cache: rows whose spans meet walk their keys together; spans of two sequences lie far apart.
@compute @workgroup_size(LANES)
fn forward_cached(@builtin(global_invocation_id) id: vec3u) {
  let tile = tile_of(id.x, row_count());
  if (tile.y >= KV_HEADS || idle) { return; }
  let rows = rows_of(tile.x + STEPS, tile.y);
  var sums = begun(rows);
  for (var from_row = 0u; from_row < 4u; ) {
    let begin = rows.first[from_row];
    var end = rows.last[from_row];
    var to_row = from_row + 1u;
    for (; to_row < 4u && rows.first[to_row] >= begin && rows.first[to_row] <= end; to_row++) {
      end = max(end, rows.last[to_row]);
    }
    walk(&sums, rows, select(vec4u(), rows.last, within(STEPS, from_row, to_row)), tile.y, begin, end);
    from_row = to_row;
  }
  finish(sums, rows);
}

fn begun(rows: Rows) -> Softmax {
  let quads = unknown_quads();
  for (var i = 0u; i < quads; i++) { store_y(rows.at + i, mat4x4f()); }
  return Softmax(vec4f(UNSEEN), vec4f());
}

// Adds keys begin ≤ j < end to the rows' sums; a row sees those of them from its first to `last`.
fn walk(sums: ptr<function, Softmax>, rows: Rows, last: vec4u, shared_head: u32, begin: u32, end: u32) {
  let quads = unknown_quads();
  for (var j = begin; j < end; j += 16u) {
    let key = j + order();
    let at = keys_from(key, end, shared_head);
    var s = scores(rows.at, at);
    s.a = seen(s.a, key, rows.first, last);
    s.b = seen(s.b, key + 4u, rows.first, last);
    s.c = seen(s.c, key + 8u, rows.first, last);
    s.d = seen(s.d, key + 12u, rows.first, last);
    let largest = max((*sums).largest, max(max(tops(s.a), tops(s.b)), max(tops(s.c), tops(s.d))));
    let shrink = exp((*sums).largest - largest);
    let p = Block(powers(s.a, largest), powers(s.b, largest), powers(s.c, largest), powers(s.d, largest));
    *sums = Softmax(largest, (*sums).total * shrink + vec4f(1.0) * (p.a + p.b + p.c + p.d));
    for (var i = 0u; i < quads; i++) {
      let sum = shared_v(at.a + i) * p.a + shared_v(at.b + i) * p.b + shared_v(at.c + i) * p.c + shared_v(at.d + i) * p.d;
      let old = y4(rows.at + i);
      store_y(rows.at + i, mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w) + sum);
    }
  }
}

fn finish(sums: Softmax, rows: Rows) {
  let quads = unknown_quads();
  let total = sums.total;
  for (var i = 0u; i < quads; i++) {
    let sum = y4(rows.at + i);
    store_y(rows.at + i, mat4x4f(sum[0] / total.x, sum[1] / total.y, sum[2] / total.z, sum[3] / total.w));
  }
  if (idle) { return; }
  let stat = sums.largest + log(total);
  let at = rows.at / QUADS;
  lse[at.x] = stat.x; lse[at.y] = stat.y; lse[at.z] = stat.z; lse[at.w] = stat.w;
}

// q · k
fn scores(rows: vec4u, keys: Keys) -> Block {
  let quads = unknown_quads();
  var s = Block();
  for (var i = 0u; i < quads; i++) {
    let m = q4(rows + i);
    s.a += transpose(shared_k(keys.a + i)) * m;
    s.b += transpose(shared_k(keys.b + i)) * m;
    s.c += transpose(shared_k(keys.c + i)) * m;
    s.d += transpose(shared_k(keys.d + i)) * m;
  }
  return s;
}

// dy · v
fn score_slopes(rows: vec4u, keys: Keys) -> Block {
  let quads = unknown_quads();
  var s = Block();
  for (var i = 0u; i < quads; i++) {
    let m = dy4(rows + i);
    s.a += transpose(shared_v(keys.a + i)) * m;
    s.b += transpose(shared_v(keys.b + i)) * m;
    s.c += transpose(shared_v(keys.c + i)) * m;
    s.d += transpose(shared_v(keys.d + i)) * m;
  }
  return s;
}

// Of each row.
fn tops(s: mat4x4f) -> vec4f { return vec4f(largest4(s[0]), largest4(s[1]), largest4(s[2]), largest4(s[3])); }

fn y4(at: vec4u) -> mat4x4f { return mat4x4f(y[at.x], y[at.y], y[at.z], y[at.w]); }
fn store_y(at: vec4u, m: mat4x4f) { if (idle) { return; } y[at.x] = m[0]; y[at.y] = m[1]; y[at.z] = m[2]; y[at.w] = m[3]; }

@compute @workgroup_size(LANES)
fn delta(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&stats)) { return; }
  var sum = 0.0;
  for (var i = id.x * QUADS; i < (id.x + 1u) * QUADS; i++) { sum += dot(out[i], dy[i]); }
  stats[id.x] = vec2f(saved[id.x], sum);
}

// p and ds of four rows and four keys, a column to a row.
struct Slopes { p: mat4x4f, ds: mat4x4f }

fn slopes(s: mat4x4f, dp: mat4x4f, key: vec4u, rows: Rows) -> Slopes {
  let at = rows.at / QUADS;
  let a = row_stats[at.x]; let b = row_stats[at.y]; let c = row_stats[at.z]; let d = row_stats[at.w];
  let p = mat4x4f(
    select(vec4f(), exp(SCALE * s[0] - a.x), within(key, rows.first.x, rows.last.x)),
    select(vec4f(), exp(SCALE * s[1] - b.x), within(key, rows.first.y, rows.last.y)),
    select(vec4f(), exp(SCALE * s[2] - c.x), within(key, rows.first.z, rows.last.z)),
    select(vec4f(), exp(SCALE * s[3] - d.x), within(key, rows.first.w, rows.last.w)));
  return Slopes(p, SCALE * mat4x4f(p[0] * (dp[0] - a.y), p[1] * (dp[1] - b.y), p[2] * (dp[2] - c.y), p[3] * (dp[3] - d.y)));
}

@compute @workgroup_size(LANES)
fn backward_q(@builtin(global_invocation_id) id: vec3u) {
  let tile = tile_of(id.x, row_count());
  if (tile.y >= KV_HEADS) { return; }
  let quads = unknown_quads();
  let rows = rows_of(tile.x + STEPS, tile.y);
  for (var i = 0u; i < quads; i++) { store_dq(rows.at + i, mat4x4f()); }
  let end = most4(rows.last);
  for (var j = least4(rows.first); j < end; j += 16u) {
    let key = j + order();
    let at = keys_from(key, end, tile.y);
    let s = scores(rows.at, at);
    let dp = score_slopes(rows.at, at);
    let ds = Block(
      slopes(s.a, dp.a, key, rows).ds, slopes(s.b, dp.b, key + 4u, rows).ds,
      slopes(s.c, dp.c, key + 8u, rows).ds, slopes(s.d, dp.d, key + 12u, rows).ds);
    for (var i = 0u; i < quads; i++) {
      let here = rows.at + i;
      let old = mat4x4f(dq[here.x], dq[here.y], dq[here.z], dq[here.w]);
      store_dq(here, old + shared_k(at.a + i) * ds.a + shared_k(at.b + i) * ds.b + shared_k(at.c + i) * ds.c + shared_k(at.d + i) * ds.d);
    }
  }
}

fn store_dq(at: vec4u, m: mat4x4f) { if (idle) { return; } dq[at.x] = m[0]; dq[at.y] = m[1]; dq[at.z] = m[2]; dq[at.w] = m[3]; }

// Four keys. The rows that see key j are j, j+1, … until a row starts behind it: starts never decrease along the axis.
@compute @workgroup_size(LANES)
fn backward_kv(@builtin(global_invocation_id) id: vec3u) {
  let tokens = arrayLength(&span);
  let tile = tile_of(id.x, tokens);
  if (tile.y >= KV_HEADS) { return; }
  let quads = unknown_quads();
  let key = min(tile.x + STEPS, vec4u(tokens - 1u));
  let at = keys_at(key, tokens, tile.y);
  for (var i = 0u; i < quads; i++) { store_dk(at + i, mat4x4f()); store_dv(at + i, mat4x4f()); }
  let stop = row_count();
  let last = most(key.w);
  for (var r = least(key.x) * GROUP; r < stop && span[r / GROUP].x <= last; r += 16u) {
    let row = r + order();
    let a = counted(row, stop, tile.y);
    let b = counted(row + 4u, stop, tile.y);
    let c = counted(row + 8u, stop, tile.y);
    let d = counted(row + 12u, stop, tile.y);
    var s = Block();
    for (var i = 0u; i < quads; i++) {
      let m = transpose(k4(at + i));
      s.a += m * shared_q(a.at + i);
      s.b += m * shared_q(b.at + i);
      s.c += m * shared_q(c.at + i);
      s.d += m * shared_q(d.at + i);
    }
    var dp = Block();
    for (var i = 0u; i < quads; i++) {
      let m = transpose(v4(at + i));
      dp.a += m * shared_dy(a.at + i);
      dp.b += m * shared_dy(b.at + i);
      dp.c += m * shared_dy(c.at + i);
      dp.d += m * shared_dy(d.at + i);
    }
    let sa = slopes(s.a, dp.a, key, a);
    let sb = slopes(s.b, dp.b, key, b);
    let sc = slopes(s.c, dp.c, key, c);
    let sd = slopes(s.d, dp.d, key, d);
    let p = Block(transpose(sa.p), transpose(sb.p), transpose(sc.p), transpose(sd.p));
    let ds = Block(transpose(sa.ds), transpose(sb.ds), transpose(sc.ds), transpose(sd.ds));
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      let old = mat4x4f(dv[here.x], dv[here.y], dv[here.z], dv[here.w]);
      store_dv(here, old + shared_dy(a.at + i) * p.a + shared_dy(b.at + i) * p.b + shared_dy(c.at + i) * p.c + shared_dy(d.at + i) * p.d);
    }
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      let old = mat4x4f(dk[here.x], dk[here.y], dk[here.z], dk[here.w]);
      store_dk(here, old + shared_q(a.at + i) * ds.a + shared_q(b.at + i) * ds.b + shared_q(c.at + i) * ds.c + shared_q(d.at + i) * ds.d);
    }
  }
}

// A repeated row must not count again: it sees no key.
fn counted(r: vec4u, stop: u32, shared_head: u32) -> Rows {
  var rows = rows_of(r, shared_head);
  rows.last = select(vec4u(), rows.last, r < vec4u(stop));
  return rows;
}

fn store_dk(at: vec4u, m: mat4x4f) { if (idle) { return; } dk[at.x] = m[0]; dk[at.y] = m[1]; dk[at.z] = m[2]; dk[at.w] = m[3]; }
fn store_dv(at: vec4u, m: mat4x4f) { if (idle) { return; } dv[at.x] = m[0]; dv[at.y] = m[1]; dv[at.z] = m[2]; dv[at.w] = m[3]; }
