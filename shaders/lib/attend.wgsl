// What every form of training's attention shares: operands, shapes, masks and slopes. See attention.wgsl for the formulas.
// q, y: [T, HEADS·D]; k, v: [S, KV_HEADS·D]; stats: [T, HEADS]

override HEADS: u32;
override KV_HEADS: u32;
override HEAD_DIM: u32;
override SCALE: f32;

@group(0) @binding(0) var<storage, read> q: array<vec4f>;
@group(0) @binding(1) var<storage, read> k: array<vec4f>;
@group(0) @binding(2) var<storage, read> v: array<vec4f>;
@group(0) @binding(3) var<storage, read> span: array<vec2u>;
@group(0) @binding(4) var<storage, read_write> y: array<vec4f>;
@group(0) @binding(5) var<storage, read_write> lse: array<f32>;
@group(0) @binding(6) var<storage, read> out: array<vec4f>;
@group(0) @binding(7) var<storage, read> dy: array<vec4f>;
@group(0) @binding(8) var<storage, read> saved: array<f32>;
@group(0) @binding(9) var<storage, read_write> stats: array<vec2f>;
@group(0) @binding(11) var<storage, read> row_stats: array<vec2f>;
@group(0) @binding(12) var<storage, read_write> dq: array<vec4f>;
@group(0) @binding(13) var<storage, read_write> dk: array<vec4f>;
@group(0) @binding(14) var<storage, read_write> dv: array<vec4f>;

const QUADS = HEAD_DIM / 4u;
const GROUP = HEADS / KV_HEADS;
const UNSEEN = -3.0e38;

fn within(key: vec4u, first: u32, last: u32) -> vec4<bool> { return (key >= vec4u(first)) & (key < vec4u(last)); }
fn largest4(v: vec4f) -> f32 { return max(max(v.x, v.y), max(v.z, v.w)); }

fn seen(s: mat4x4f, key: vec4u, first: vec4u, last: vec4u) -> mat4x4f {
  return mat4x4f(
    select(vec4f(UNSEEN), SCALE * s[0], within(key, first.x, last.x)),
    select(vec4f(UNSEEN), SCALE * s[1], within(key, first.y, last.y)),
    select(vec4f(UNSEEN), SCALE * s[2], within(key, first.z, last.z)),
    select(vec4f(UNSEEN), SCALE * s[3], within(key, first.w, last.w)));
}

// exp(s - most), and 0 for keys not seen, also in a row that has seen none yet.
fn powers(s: mat4x4f, most: vec4f) -> mat4x4f {
  let m = max(most, vec4f(UNSEEN / 2.0));
  return mat4x4f(exp(s[0] - m.x), exp(s[1] - m.y), exp(s[2] - m.z), exp(s[3] - m.w));
}
