// uses: attend lanes
// Which rows and keys a lane of attention.wgsl has, and how it comes by their quads of the head dimension.

const STEPS = vec4u(0u, 1u, 2u, 3u);
// What is loaded by four lanes together comes cheaper: then 16, of which c and d are the second half.
const MANY = select(8u, 16u, SHARED);

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

// Where the quads of MANY keys begin; keys behind the last one repeat it and count for nothing.
struct Keys { a: vec4u, b: vec4u, c: vec4u, d: vec4u }

fn keys_from(key: vec4u, end: u32, shared_head: u32) -> Keys {
  return Keys(
    keys_at(key, end, shared_head), keys_at(key + 4u, end, shared_head),
    keys_at(key + 8u, end, shared_head), keys_at(key + 12u, end, shared_head));
}

fn keys_at(key: vec4u, end: u32, shared_head: u32) -> vec4u {
  return (min(key, vec4u(end - 1u)) * KV_HEADS + shared_head) * QUADS;
}

// What 4 rows and MANY keys have to do with each other, a column to a row (dkv: MANY rows and 4 keys).
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
