enable subgroups;
// Attention's loops end where four lanes agree that they do, which compilers cannot see.
diagnostic(off, subgroup_uniformity);
// Four neighbouring lanes need the same four rows of a matrix: each loads one, and they swap. Lane l then holds rows
// l^0, l^1, l^2, l^3 in this order, and what comes of them stays in it. A quarter of the loads, each of which costs a
// software adapter as much as ten swaps. Control flow must be the same in all four lanes.
const SHARED = true;
var<private> lane: u32;

fn meet(index: u32) { lane = index & 3u; }
fn order() -> vec4u { return vec4u(0u, 1u, 2u, 3u) ^ vec4u(lane); }
fn swapped(v: vec4f) -> mat4x4f { return mat4x4f(v, quadSwapX(v), quadSwapY(v), quadSwapDiagonal(v)); }
fn least(n: u32) -> u32 {
  let pair = min(n, quadSwapX(n));
  return min(pair, quadSwapY(pair));
}
fn most(n: u32) -> u32 {
  let pair = max(n, quadSwapX(n));
  return max(pair, quadSwapY(pair));
}
