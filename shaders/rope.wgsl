// Rotary position embedding, half-split order as in Hugging Face's Llama (Su et al. 2021).
//
//   forward    y[i] = x[i] * c - x[i + D/2] * s        y[i + D/2] = x[i + D/2] * c + x[i] * s
//   backward   the same rotation by the opposite angle
//
// table[p, i] = (cos, sin) of p * frequency[i], made in f64 by the host: WGSL promises sin and cos only near zero.

override HEAD_DIM: u32;
override HEADS: u32;

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> positions: array<u32>;
@group(0) @binding(2) var<storage, read> table: array<vec2f>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;

const HALF = HEAD_DIM / 2u;

fn rotate(t: u32, lane: u32, direction: f32) {
  for (var i = lane; i < HEADS * HALF; i += 64u) {
    let at = (t * HEADS + i / HALF) * HEAD_DIM + i % HALF;
    let turn = table[positions[t] * HALF + i % HALF];
    let sine = direction * turn.y;
    y[at] = x[at] * turn.x - x[at + HALF] * sine;
    y[at + HALF] = x[at + HALF] * turn.x + x[at] * sine;
  }
}

@compute @workgroup_size(64)
fn forward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) { rotate(id.x, lane, 1.0); }

@compute @workgroup_size(64)
fn backward(@builtin(workgroup_id) id: vec3u, @builtin(local_invocation_index) lane: u32) { rotate(id.x, lane, -1.0); }
