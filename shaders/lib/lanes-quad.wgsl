enable subgroups;
// Four neighbouring lanes need the same values of `left`: each loads one, and they swap. Lane l then holds the values
// l^0, l^1, l^2, l^3 in this order, so what they are multiplied with is taken in the same turn. A quarter of the loads,
// each of which costs a software adapter as much as ten swaps. Control flow must be the same in all lanes.
var<private> lane: u32;

fn meet(index: u32) { lane = index & 3u; }
fn turn(i: u32) -> u32 { return i ^ lane; }
fn turned(v: vec4f) -> vec4f {
  let pairs = select(v, v.yxwz, (lane & 1u) == 1u);
  return select(pairs, pairs.zwxy, lane > 1u);
}
fn swapped(v: f32) -> vec4f { return vec4f(v, quadSwapX(v), quadSwapY(v), quadSwapDiagonal(v)); }
fn left4(at: u32) -> vec4f { return swapped(left[at][lane]); }

// Quads of four rows: a column holds one of their columns.
fn left_columns(at: u32, width: u32) -> mat4x4f {
  let v = left[at + lane * width];
  return mat4x4f(swapped(v.x), swapped(v.y), swapped(v.z), swapped(v.w));
}
