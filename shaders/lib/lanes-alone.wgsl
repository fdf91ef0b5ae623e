// Each lane loads all that it needs by itself.
const SHARED = false;
fn meet(index: u32) {}
fn order() -> vec4u { return vec4u(0u, 1u, 2u, 3u); }
fn swapped(v: vec4f) -> mat4x4f { return mat4x4f(v, v, v, v); }
fn least(n: u32) -> u32 { return n; }
fn most(n: u32) -> u32 { return n; }
