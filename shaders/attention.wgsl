// uses: attend
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
// A lane makes scores of 4 rows × 8 keys (dkv: 8 rows × 4 keys) in registers, as 4×4 matrices over quads of the head
// dimension, so that each load serves 4 or 8 products. Sums as long as a head live in the output itself: arrays in
// registers spill. Nothing is shared between lanes and nothing waits, which is what software adapters want.

const LANES = 32u;
const STEPS = vec4u(0u, 1u, 2u, 3u);

// QUADS, as a number that compilers do not know: a head of 256 unrolled takes them half a minute.
fn unknown_quads() -> u32 { return arrayLength(&q) / (arrayLength(&span) * HEADS); }

fn q4(at: vec4u) -> mat4x4f { return mat4x4f(q[at.x], q[at.y], q[at.z], q[at.w]); }
fn k4(at: vec4u) -> mat4x4f { return mat4x4f(k[at.x], k[at.y], k[at.z], k[at.w]); }
fn v4(at: vec4u) -> mat4x4f { return mat4x4f(v[at.x], v[at.y], v[at.z], v[at.w]); }
fn dy4(at: vec4u) -> mat4x4f { return mat4x4f(dy[at.x], dy[at.y], dy[at.z], dy[at.w]); }

// Where the quads of four keys begin; keys behind the last one repeat it and count for nothing.
fn keys_at(key: vec4u, end: u32, shared_head: u32) -> vec4u {
  return (min(key, vec4u(end - 1u)) * KV_HEADS + shared_head) * QUADS;
}

// Four rows that share one key/value head. A row is (token, head of the group), counted token first; behind the end the
// last row is repeated, and its values are stored twice, the same both times.
struct Rows { at: vec4u, first: vec4u, last: vec4u }

fn rows_from(row: u32, shared_head: u32) -> Rows {
  let r = min(row + STEPS, vec4u(arrayLength(&span) * GROUP - 1u));
  let t = r / GROUP;
  let a = span[t.x]; let b = span[t.y]; let c = span[t.z]; let d = span[t.w];
  let at = (t * HEADS + shared_head * GROUP + r % GROUP) * QUADS;
  return Rows(at, vec4u(a.x, b.x, c.x, d.x), vec4u(a.y, b.y, c.y, d.y));
}

// The lane's tile of rows: the last one first, because it sees the most keys.
fn tile_of(lane: u32) -> vec2u {
  let tiles = (arrayLength(&span) * GROUP + 3u) / 4u;
  return vec2u(tiles - 1u - lane % tiles, lane / tiles);
}

@compute @workgroup_size(LANES)
fn forward(@builtin(global_invocation_id) id: vec3u) {
  let tile = tile_of(id.x);
  if (tile.y >= KV_HEADS) { return; }
  let quads = unknown_quads();
  let rows = rows_from(tile.x * 4u, tile.y);
  for (var i = 0u; i < quads; i++) { store_y(rows.at + i, mat4x4f()); }
  var largest = vec4f(UNSEEN);
  var total = vec4f();
  // Rows whose spans meet walk their keys together; spans of two sequences in a cache lie far apart.
  for (var from_row = 0u; from_row < 4u; ) {
    let begin = rows.first[from_row];
    var end = rows.last[from_row];
    var to_row = from_row + 1u;
    for (; to_row < 4u && rows.first[to_row] >= begin && rows.first[to_row] <= end; to_row++) {
      end = max(end, rows.last[to_row]);
    }
    let last = select(vec4u(), rows.last, within(STEPS, from_row, to_row));
    for (var j = begin; j < end; j += 8u) {
      let near = j + STEPS;
      let far = near + 4u;
      let near_at = keys_at(near, end, tile.y);
      let far_at = keys_at(far, end, tile.y);
      var s = mat4x4f();
      var z = mat4x4f();
      for (var i = 0u; i < quads; i++) {
        let m = q4(rows.at + i);
        s += transpose(k4(near_at + i)) * m;
        z += transpose(k4(far_at + i)) * m;
      }
      s = seen(s, near, rows.first, last);
      z = seen(z, far, rows.first, last);
      let most = max(largest, vec4f(
        largest4(max(s[0], z[0])), largest4(max(s[1], z[1])), largest4(max(s[2], z[2])), largest4(max(s[3], z[3]))));
      let shrink = exp(largest - most);
      largest = most;
      let p = powers(s, most);
      let r = powers(z, most);
      total = total * shrink + vec4f(1.0) * (p + r);
      for (var i = 0u; i < quads; i++) {
        let sum = v4(near_at + i) * p + v4(far_at + i) * r;
        let old = y4(rows.at + i);
        store_y(rows.at + i, mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w) + sum);
      }
    }
    from_row = to_row;
  }
  for (var i = 0u; i < quads; i++) {
    let sum = y4(rows.at + i);
    store_y(rows.at + i, mat4x4f(sum[0] / total.x, sum[1] / total.y, sum[2] / total.z, sum[3] / total.w));
  }
  let stat = largest + log(total);
  let at = rows.at / QUADS;
  lse[at.x] = stat.x; lse[at.y] = stat.y; lse[at.z] = stat.z; lse[at.w] = stat.w;
}

fn y4(at: vec4u) -> mat4x4f { return mat4x4f(y[at.x], y[at.y], y[at.z], y[at.w]); }
fn store_y(at: vec4u, m: mat4x4f) { y[at.x] = m[0]; y[at.y] = m[1]; y[at.z] = m[2]; y[at.w] = m[3]; }

@compute @workgroup_size(LANES)
fn delta(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&stats)) { return; }
  var sum = 0.0;
  for (var i = id.x * QUADS; i < (id.x + 1u) * QUADS; i++) { sum += dot(out[i], dy[i]); }
  stats[id.x] = vec2f(saved[id.x], sum);
}

// What four rows and four keys have to do with each other: p and ds, a column to a row.
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

// Only training comes here: the spans of four neighbouring rows lie beside each other.
@compute @workgroup_size(LANES)
fn backward_q(@builtin(global_invocation_id) id: vec3u) {
  let tile = tile_of(id.x);
  if (tile.y >= KV_HEADS) { return; }
  let quads = unknown_quads();
  let rows = rows_from(tile.x * 4u, tile.y);
  for (var i = 0u; i < quads; i++) { store_dq(rows.at + i, mat4x4f()); }
  let begin = min(min(rows.first.x, rows.first.y), min(rows.first.z, rows.first.w));
  let end = max(max(rows.last.x, rows.last.y), max(rows.last.z, rows.last.w));
  for (var j = begin; j < end; j += 8u) {
    let near = j + STEPS;
    let far = near + 4u;
    let near_at = keys_at(near, end, tile.y);
    let far_at = keys_at(far, end, tile.y);
    var s = mat4x4f();
    var z = mat4x4f();
    for (var i = 0u; i < quads; i++) {
      let m = q4(rows.at + i);
      s += transpose(k4(near_at + i)) * m;
      z += transpose(k4(far_at + i)) * m;
    }
    var ds = mat4x4f();
    var dz = mat4x4f();
    for (var i = 0u; i < quads; i++) {
      let m = dy4(rows.at + i);
      ds += transpose(v4(near_at + i)) * m;
      dz += transpose(v4(far_at + i)) * m;
    }
    ds = slopes(s, ds, near, rows).ds;
    dz = slopes(z, dz, far, rows).ds;
    for (var i = 0u; i < quads; i++) {
      let at = rows.at + i;
      let old = mat4x4f(dq[at.x], dq[at.y], dq[at.z], dq[at.w]);
      store_dq(at, old + k4(near_at + i) * ds + k4(far_at + i) * dz);
    }
  }
}

fn store_dq(at: vec4u, m: mat4x4f) { dq[at.x] = m[0]; dq[at.y] = m[1]; dq[at.z] = m[2]; dq[at.w] = m[3]; }

// Four keys. The rows that see key j are j, j+1, … until a row starts behind it: starts never decrease along the axis.
@compute @workgroup_size(LANES)
fn backward_kv(@builtin(global_invocation_id) id: vec3u) {
  let tokens = arrayLength(&span);
  let tiles = (tokens + 3u) / 4u;
  let shared_head = id.x / tiles;
  if (shared_head >= KV_HEADS) { return; }
  let quads = unknown_quads();
  let key = min(id.x % tiles * 4u + STEPS, vec4u(tokens - 1u));
  let at = keys_at(key, tokens, shared_head);
  for (var i = 0u; i < quads; i++) { store_dk(at + i, mat4x4f()); store_dv(at + i, mat4x4f()); }
  let stop = tokens * GROUP;
  for (var r = key.x * GROUP; r < stop && span[r / GROUP].x <= key.w; r += 8u) {
    let low = counted(r, stop, shared_head);
    let high = counted(r + 4u, stop, shared_head);
    var s = mat4x4f();
    var z = mat4x4f();
    for (var i = 0u; i < quads; i++) {
      let m = transpose(k4(at + i));
      s += m * q4(low.at + i);
      z += m * q4(high.at + i);
    }
    var ds = mat4x4f();
    var dz = mat4x4f();
    for (var i = 0u; i < quads; i++) {
      let m = transpose(v4(at + i));
      ds += m * dy4(low.at + i);
      dz += m * dy4(high.at + i);
    }
    let near = slopes(s, ds, key, low);
    let far = slopes(z, dz, key, high);
    let p = transpose(near.p);
    let f = transpose(far.p);
    ds = transpose(near.ds);
    dz = transpose(far.ds);
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      let old = mat4x4f(dv[here.x], dv[here.y], dv[here.z], dv[here.w]);
      store_dv(here, old + dy4(low.at + i) * p + dy4(high.at + i) * f);
    }
    for (var i = 0u; i < quads; i++) {
      let here = at + i;
      let old = mat4x4f(dk[here.x], dk[here.y], dk[here.z], dk[here.w]);
      store_dk(here, old + q4(low.at + i) * ds + q4(high.at + i) * dz);
    }
  }
}

// A repeated row must not count again: it sees no key.
fn counted(r: u32, stop: u32, shared_head: u32) -> Rows {
  var rows = rows_from(r, shared_head);
  rows.last = select(vec4u(), rows.last, r + STEPS < vec4u(stop));
  return rows;
}

fn store_dk(at: vec4u, m: mat4x4f) { dk[at.x] = m[0]; dk[at.y] = m[1]; dk[at.z] = m[2]; dk[at.w] = m[3]; }
fn store_dv(at: vec4u, m: mat4x4f) { dv[at.x] = m[0]; dv[at.y] = m[1]; dv[at.z] = m[2]; dv[at.w] = m[3]; }
