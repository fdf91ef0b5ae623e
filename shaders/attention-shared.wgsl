// uses: attend
// Training's attention (attention.wgsl has the formulas) through workgroup memory, for GPUs: 64 lanes make a tile of 32
// rows by 32 keys, four by four each. Heads pass by in parts of eight quads; each value that is loaded serves 32 rows
// or keys instead of a lane's four or eight, and each lane keeps a sixteenth of the tile's heads in registers.
//
// Of the tile's two sides, `lefts` is the one whose sums are made: rows in forward and backward_q, keys in
// backward_kv. A lane has four neighbouring lefts (4y …) and every eighth right from x on, so that lanes read
// workgroup memory from different banks; for that, a line of it has one quad more than a part.

const TILE = 32u;
const PART = 8u;
const LINE = PART + 1u;
const PARTS = (QUADS + PART - 1u) / PART;
const LANES = 64u;
const NEXT = vec4u(0u, 1u, 2u, 3u);
const APART = vec4u(0u, 8u, 16u, 24u);

var<workgroup> lefts: array<vec4f, TILE * LINE>;
var<workgroup> rights: array<vec4f, TILE * LINE>;
// [right][quad of lefts]
var<workgroup> weights: array<vec4f, TILE * TILE / 4u>;
var<workgroup> partial: array<vec4f, LANES>;

fn row_count() -> u32 { return arrayLength(&span) * GROUP; }

// Rows are counted token first, then heads of the group: the row's place among all tokens' heads.
fn row_place(r: u32, head: u32) -> u32 { return r / GROUP * HEADS + head * GROUP + r % GROUP; }

// Value n of part c of the tile that begins at row or key `first`; zeros behind the end.
fn q_value(first: u32, n: u32, c: u32, head: u32) -> vec4f {
  let quad = c * PART + n % PART;
  let r = first + n / PART;
  if (quad >= QUADS || r >= row_count()) { return vec4f(); }
  return q[row_place(r, head) * QUADS + quad];
}

fn dy_value(first: u32, n: u32, c: u32, head: u32) -> vec4f {
  let quad = c * PART + n % PART;
  let r = first + n / PART;
  if (quad >= QUADS || r >= row_count()) { return vec4f(); }
  return dy[row_place(r, head) * QUADS + quad];
}

fn key_place(first: u32, n: u32, c: u32, head: u32) -> u32 {
  let quad = c * PART + n % PART;
  let key = first + n / PART;
  return select(0xffffffffu, (key * KV_HEADS + head) * QUADS + quad, quad < QUADS && key < arrayLength(&span));
}

fn k_value(first: u32, n: u32, c: u32, head: u32) -> vec4f {
  let at = key_place(first, n, c, head);
  if (at == 0xffffffffu) { return vec4f(); }
  return k[at];
}

fn v_value(first: u32, n: u32, c: u32, head: u32) -> vec4f {
  let at = key_place(first, n, c, head);
  if (at == 0xffffffffu) { return vec4f(); }
  return v[at];
}

fn line(n: u32) -> u32 { return n / PART * LINE + n % PART; }

// Column i: the lane's left i by its four rights, over the part that is in memory.
fn products(index: u32) -> mat4x4f {
  let l = index / 8u * 4u * LINE;
  let r = index % 8u * LINE;
  var sum = mat4x4f();
  for (var i = 0u; i < PART; i++) {
    let right = mat4x4f(rights[r + i], rights[r + 8u * LINE + i], rights[r + 16u * LINE + i], rights[r + 24u * LINE + i]);
    sum += transpose(right) * mat4x4f(lefts[l + i], lefts[l + LINE + i], lefts[l + 2u * LINE + i], lefts[l + 3u * LINE + i]);
  }
  return sum;
}

fn keep(p: mat4x4f, index: u32) {
  let t = transpose(p);
  for (var i = 0u; i < 4u; i++) { weights[(index % 8u + 8u * i) * 8u + index / 8u] = t[i]; }
}

// Column i: Σ over rights of left i's weight times quad x of the part that is in memory.
fn weighed(index: u32) -> mat4x4f {
  var sum = mat4x4f();
  for (var j = 0u; j < TILE; j++) {
    let w = weights[j * 8u + index / 8u];
    let r = rights[j * LINE + index % 8u];
    sum += mat4x4f(r * w.x, r * w.y, r * w.z, r * w.w);
  }
  return sum;
}

// What four rows see, and nothing for rows behind the end.
struct Spans { first: vec4u, last: vec4u, place: vec4u, real: vec4<bool> }

fn spans_of(r: vec4u, head: u32) -> Spans {
  let real = r < vec4u(row_count());
  let known = min(r, vec4u(row_count() - 1u));
  let t = known / GROUP;
  let a = span[t.x]; let b = span[t.y]; let c = span[t.z]; let d = span[t.w];
  let place = t * HEADS + head * GROUP + known % GROUP;
  return Spans(vec4u(a.x, b.x, c.x, d.x), select(vec4u(), vec4u(a.y, b.y, c.y, d.y), real), place, real);
}

// Keys that any row of the tile sees.
fn range_of(first_row: u32) -> vec2u {
  var range = vec2u(0xffffffffu, 0u);
  let last = min(first_row + TILE, row_count()) - 1u;
  for (var t = first_row / GROUP; t <= last / GROUP; t++) {
    range = vec2u(min(range.x, span[t].x), max(range.y, span[t].y));
  }
  return range;
}

// The last tile first, because its rows see the most keys.
fn first_row_of(tile: u32) -> u32 { return ((row_count() + TILE - 1u) / TILE - 1u - tile) * TILE; }

@compute @workgroup_size(LANES)
fn forward(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let head = group.y;
  let first_row = first_row_of(group.x);
  let range = range_of(first_row);
  let rows = spans_of(first_row + index / 8u * 4u + NEXT, head);
  var sums: array<mat4x4f, PARTS>;
  var largest = vec4f(UNSEEN);
  var total = vec4f();
  for (var j = range.x; j < range.y; j += TILE) {
    var s = mat4x4f();
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) {
        lefts[line(n)] = q_value(first_row, n, c, head);
        rights[line(n)] = k_value(j, n, c, head);
      }
      workgroupBarrier();
      s += products(index);
    }
    s = seen(s, j + index % 8u + APART, rows.first, rows.last);
    partial[index] = vec4f(largest4(s[0]), largest4(s[1]), largest4(s[2]), largest4(s[3]));
    workgroupBarrier();
    var most = largest;
    for (var i = 0u; i < 8u; i++) { most = max(most, partial[index / 8u * 8u + i]); }
    let shrink = exp(largest - most);
    largest = most;
    let p = powers(s, most);
    total = total * shrink + vec4f(1.0) * p;
    keep(p, index);
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) { rights[line(n)] = v_value(j, n, c, head); }
      workgroupBarrier();
      let old = sums[c];
      sums[c] = mat4x4f(old[0] * shrink.x, old[1] * shrink.y, old[2] * shrink.z, old[3] * shrink.w) + weighed(index);
    }
  }
  workgroupBarrier();
  partial[index] = total;
  workgroupBarrier();
  total = vec4f();
  for (var i = 0u; i < 8u; i++) { total += partial[index / 8u * 8u + i]; }
  for (var i = 0u; i < 4u; i++) {
    if (!rows.real[i]) { continue; }
    for (var c = 0u; c < PARTS; c++) {
      let quad = c * PART + index % 8u;
      if (quad < QUADS) { y[rows.place[i] * QUADS + quad] = sums[c][i] / total[i]; }
    }
    if (index % 8u == 0u) { lse[rows.place[i]] = largest[i] + log(total[i]); }
  }
}

@compute @workgroup_size(LANES)
fn backward_q(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let head = group.y;
  let first_row = first_row_of(group.x);
  let range = range_of(first_row);
  let rows = spans_of(first_row + index / 8u * 4u + NEXT, head);
  var sums: array<mat4x4f, PARTS>;
  for (var j = range.x; j < range.y; j += TILE) {
    var s = mat4x4f();
    var d = mat4x4f();
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) {
        lefts[line(n)] = q_value(first_row, n, c, head);
        rights[line(n)] = k_value(j, n, c, head);
      }
      workgroupBarrier();
      s += products(index);
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) {
        lefts[line(n)] = dy_value(first_row, n, c, head);
        rights[line(n)] = v_value(j, n, c, head);
      }
      workgroupBarrier();
      d += products(index);
    }
    let key = j + index % 8u + APART;
    for (var i = 0u; i < 4u; i++) {
      let stat = row_stats[rows.place[i]];
      let p = select(vec4f(), exp(SCALE * s[i] - stat.x), within(key, rows.first[i], rows.last[i]));
      d[i] = SCALE * p * (d[i] - stat.y);
    }
    keep(d, index);
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) { rights[line(n)] = k_value(j, n, c, head); }
      workgroupBarrier();
      sums[c] += weighed(index);
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (!rows.real[i]) { continue; }
    for (var c = 0u; c < PARTS; c++) {
      let quad = c * PART + index % 8u;
      if (quad < QUADS) { dq[rows.place[i] * QUADS + quad] = sums[c][i]; }
    }
  }
}

// The rows that see key j are j, j+1, … until a row starts behind it: starts never decrease along the axis.
@compute @workgroup_size(LANES)
fn backward_kv(@builtin(workgroup_id) group: vec3u, @builtin(local_invocation_index) index: u32) {
  let head = group.y;
  let tokens = arrayLength(&span);
  let first_key = group.x * TILE;
  let last_key = min(first_key + TILE, tokens) - 1u;
  let key = first_key + index / 8u * 4u + NEXT;
  var dk_sums: array<mat4x4f, PARTS>;
  var dv_sums: array<mat4x4f, PARTS>;
  for (var r = first_key * GROUP; r < row_count() && span[r / GROUP].x <= last_key; r += TILE) {
    var s = mat4x4f();
    var d = mat4x4f();
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) {
        lefts[line(n)] = k_value(first_key, n, c, head);
        rights[line(n)] = q_value(r, n, c, head);
      }
      workgroupBarrier();
      s += products(index);
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) {
        lefts[line(n)] = v_value(first_key, n, c, head);
        rights[line(n)] = dy_value(r, n, c, head);
      }
      workgroupBarrier();
      d += products(index);
    }
    let rows = spans_of(r + index % 8u + APART, head);
    let a = row_stats[rows.place.x]; let b = row_stats[rows.place.y];
    let e = row_stats[rows.place.z]; let f = row_stats[rows.place.w];
    for (var i = 0u; i < 4u; i++) {
      let sees = (vec4u(key[i]) >= rows.first) & (vec4u(key[i]) < rows.last);
      s[i] = select(vec4f(), exp(SCALE * s[i] - vec4f(a.x, b.x, e.x, f.x)), sees);
      d[i] = SCALE * s[i] * (d[i] - vec4f(a.y, b.y, e.y, f.y));
    }
    keep(s, index);
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) { rights[line(n)] = dy_value(r, n, c, head); }
      workgroupBarrier();
      dv_sums[c] += weighed(index);
    }
    workgroupBarrier();
    keep(d, index);
    for (var c = 0u; c < PARTS; c++) {
      workgroupBarrier();
      for (var n = index; n < TILE * PART; n += LANES) { rights[line(n)] = q_value(r, n, c, head); }
      workgroupBarrier();
      dk_sums[c] += weighed(index);
    }
  }
  for (var i = 0u; i < 4u; i++) {
    if (key[i] >= tokens) { continue; }
    for (var c = 0u; c < PARTS; c++) {
      let quad = c * PART + index % 8u;
      if (quad >= QUADS) { continue; }
      dk[(key[i] * KV_HEADS + head) * QUADS + quad] = dk_sums[c][i];
      dv[(key[i] * KV_HEADS + head) * QUADS + quad] = dv_sums[c][i];
    }
  }
}
