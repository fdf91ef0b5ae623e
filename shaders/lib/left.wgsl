// uses: lanes
// The matrix on a product's left side, whose rows neighbouring lanes have in common.
@group(0) @binding(0) var<storage, read> left: array<vec4f>;

// Four rows from `at` on at one quad, a row to a column, in the lane's order.
fn left_rows(at: u32, width: u32) -> mat4x4f {
  let row = at + order() * width;
  if (SHARED) { return swapped(left[row.x]); }
  return mat4x4f(left[row.x], left[row.y], left[row.z], left[row.w]);
}
