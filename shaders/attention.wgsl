// uses: attend-lanes
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
// A lane makes scores of 4 rows × MANY keys (dkv: MANY rows × 4 keys) in registers, as 4×4 matrices over quads of the head
// dimension, so that each load serves 4 or MANY products. Sums as long as a head live in the output itself: arrays in
// registers spill. Four neighbouring lanes may have keys (dkv: rows) in common, which one of them loads (lanes-*.wgsl);
// nothing waits, which is what software adapters want.

override LANES: u32;  // of a workgroup, a multiple of 4

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
  for (var j = begin; j < end; j += MANY) {
    let key = j + order();
    let at = keys_from(key, end, shared_head);
    var s = scores(rows.at, at);
    s.a = seen(s.a, key, rows.first, last);
    s.b = seen(s.b, key + 4u, rows.first, last);
    var largest = max((*sums).largest, max(tops(s.a), tops(s.b)));
    if (SHARED) {
      s.c = seen(s.c, key + 8u, rows.first, last);
      s.d = seen(s.d, key + 12u, rows.first, last);
      largest = max(largest, max(tops(s.c), tops(s.d)));
    }
    let shrink = exp((*sums).largest - largest);
    var p = Block(powers(s.a, largest), powers(s.b, largest), mat4x4f(), mat4x4f());
    if (SHARED) {
      p.c = powers(s.c, largest);
      p.d = powers(s.d, largest);
    }
    *sums = Softmax(largest, (*sums).total * shrink + vec4f(1.0) * (p.a + p.b + p.c + p.d));
    for (var i = 0u; i < quads; i++) {
      var sum = shared_v(at.a + i) * p.a + shared_v(at.b + i) * p.b;
      if (SHARED) { sum += shared_v(at.c + i) * p.c + shared_v(at.d + i) * p.d; }
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
    if (SHARED) {
      s.c += transpose(shared_k(keys.c + i)) * m;
      s.d += transpose(shared_k(keys.d + i)) * m;
    }
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
    if (SHARED) {
      s.c += transpose(shared_v(keys.c + i)) * m;
      s.d += transpose(shared_v(keys.d + i)) * m;
    }
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
  for (var j = least4(rows.first); j < end; j += MANY) {
    let key = j + order();
    let at = keys_from(key, end, tile.y);
    let s = scores(rows.at, at);
    let dp = score_slopes(rows.at, at);
    var ds = Block();
    ds.a = slopes(s.a, dp.a, key, rows).ds;
    ds.b = slopes(s.b, dp.b, key + 4u, rows).ds;
    if (SHARED) {
      ds.c = slopes(s.c, dp.c, key + 8u, rows).ds;
      ds.d = slopes(s.d, dp.d, key + 12u, rows).ds;
    }
    for (var i = 0u; i < quads; i++) {
      let here = rows.at + i;
      var sum = mat4x4f(dq[here.x], dq[here.y], dq[here.z], dq[here.w]);
      sum += shared_k(at.a + i) * ds.a + shared_k(at.b + i) * ds.b;
      if (SHARED) { sum += shared_k(at.c + i) * ds.c + shared_k(at.d + i) * ds.d; }
      store_dq(here, sum);
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
  for (var r = least(key.x) * GROUP; r < stop && span[r / GROUP].x <= last; r += MANY) {
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
      if (SHARED) {
        s.c += m * shared_q(c.at + i);
        s.d += m * shared_q(d.at + i);
      }
    }
    var dp = Block();
    for (var i = 0u; i < quads; i++) {
      let m = transpose(v4(at + i));
      dp.a += m * shared_dy(a.at + i);
      dp.b += m * shared_dy(b.at + i);
      if (SHARED) {
        dp.c += m * shared_dy(c.at + i);
        dp.d += m * shared_dy(d.at + i);
      }
    }
    let of_a = slopes(s.a, dp.a, key, a);
    let of_b = slopes(s.b, dp.b, key, b);
    var p = Block(transpose(of_a.p), transpose(of_b.p), mat4x4f(), mat4x4f());
    var ds = Block(transpose(of_a.ds), transpose(of_b.ds), mat4x4f(), mat4x4f());
    if (SHARED) {
      let of_c = slopes(s.c, dp.c, key, c);
      let of_d = slopes(s.d, dp.d, key, d);
      p.c = transpose(of_c.p);
      p.d = transpose(of_d.p);
      ds.c = transpose(of_c.ds);
      ds.d = transpose(of_d.ds);
    }
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      var sum = mat4x4f(dv[here.x], dv[here.y], dv[here.z], dv[here.w]);
      sum += shared_dy(a.at + i) * p.a + shared_dy(b.at + i) * p.b;
      if (SHARED) { sum += shared_dy(c.at + i) * p.c + shared_dy(d.at + i) * p.d; }
      store_dv(here, sum);
    }
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      var sum = mat4x4f(dk[here.x], dk[here.y], dk[here.z], dk[here.w]);
      sum += shared_q(a.at + i) * ds.a + shared_q(b.at + i) * ds.b;
      if (SHARED) { sum += shared_q(c.at + i) * ds.c + shared_q(d.at + i) * ds.d; }
      store_dk(here, sum);
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
