// Sums over SPLIT neighbouring lanes of a workgroup of 64, always in the same order.
override SPLIT: u32;  // a power of two, at most 64

var<workgroup> parts: array<mat4x4f, 64>;

// The sum, in the first lane of each SPLIT.
fn gathered(mine: mat4x4f, index: u32) -> mat4x4f {
  if (SPLIT == 1u) { return mine; }
  workgroupBarrier();
  parts[index] = mine;
  for (var half = SPLIT / 2u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (index % SPLIT < half) { parts[index] += parts[index + half]; }
  }
  return parts[index];
}
