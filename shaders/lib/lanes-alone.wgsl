// Each lane loads what it needs of `left` by itself.
fn meet(index: u32) {}
fn turn(i: u32) -> u32 { return i; }
fn turned(v: vec4f) -> vec4f { return v; }
fn left4(at: u32) -> vec4f { return left[at]; }

// Quads of four rows: a column holds one of their columns.
fn left_columns(at: u32, width: u32) -> mat4x4f {
  return transpose(mat4x4f(left[at], left[at + width], left[at + 2u * width], left[at + 3u * width]));
}
