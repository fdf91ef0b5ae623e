// uses: step reduce
// AdamW as adamw.wgsl has it, whose moments are kept as codes of eight bits (Dettmers et al. 2022): in blocks of 256 values
// with the largest magnitude of each, rounded to the nearest of bitsandbytes' dynamic map. The update itself is in f32.
//
// The map's values lie in seven decades, level l = 0 … 6 with 2^l of them for a moment with a sign (EXTRA 0) and 2^(l+1) for
// one without (EXTRA 1), evenly, and above them 1:
//
//   value(q) = 10^(l-6) (0.1 + 0.9 (j + ½) / cells)      q = cells + j, cells = 2^(l + EXTRA);  q = EXTRA is zero
//
//   code of a first moment  = 127 ± q       code of a second = q - 1

override RATIO: f32;
override DECAYS: f32;

@group(0) @binding(0) var<storage, read_write> param: array<vec4f>;
@group(0) @binding(1) var<storage, read> grad: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> m_codes: array<u32>;
@group(0) @binding(3) var<storage, read_write> v_codes: array<u32>;
@group(0) @binding(4) var<storage, read_write> m_largest: array<f32>;
@group(0) @binding(5) var<storage, read_write> v_largest: array<f32>;
@group(0) @binding(6) var<storage, read> norm: array<f32>;

const DECADES = array<f32, 8>(1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0, 1.0);

fn value(q: u32, extra: u32) -> f32 {
  if (q <= extra) { return 0.0; }
  let bits = firstLeadingBit(q);
  if (bits - extra == 7u) { return 1.0; }
  let cells = 1u << bits;
  return DECADES[bits - extra] * (0.1 + 0.9 * (f32(q - cells) + 0.5) / f32(cells));
}

// The q whose value is nearest to x, 0 ≤ x ≤ 1. Between two decades the cell's own may not be it.
fn nearest(x: f32, extra: u32, last: u32) -> u32 {
  var level = 0u;
  for (var i = 0u; i < 6u; i++) { level += u32(x > DECADES[i]); }
  let cells = 1u << (level + extra);
  let j = floor((x / DECADES[level] - 0.1) / 0.9 * f32(cells));
  let q = cells + u32(clamp(j, 0.0, f32(cells - 1u)));
  let off = abs(value(q, extra) - x);
  if (q < last && abs(value(q + 1u, extra) - x) < off) { return q + 1u; }
  if (abs(value(q - 1u, extra) - x) < off) { return q - 1u; }
  return q;
}

fn byte(word: u32, i: u32) -> u32 { return (word >> (8u * i)) & 255u; }
fn first_moment(code: u32) -> f32 {
  let q = i32(code) - 127;
  return f32(sign(q)) * value(u32(abs(q)), 0u);
}
fn first_code(x: f32) -> u32 {
  if (x < 0.0) { return 127u - nearest(min(-x, 1.0), 0u, 127u); }
  return 127u + nearest(min(x, 1.0), 0u, 128u);
}

struct Moments { m: vec4f, v: vec4f }

// Of four values, after this step.
fn moments(i: u32, block: u32) -> Moments {
  var clip = 1.0;
  if (step.max_norm > 0.0) { clip = min(1.0, step.max_norm / (norm[0] + 1e-6)); }
  let g = grad[i] * clip;
  var m = vec4f();
  var v = vec4f();
  for (var k = 0u; k < 4u; k++) {
    m[k] = first_moment(byte(m_codes[i], k));
    v[k] = value(byte(v_codes[i], k) + 1u, 1u);
  }
  return Moments(
    step.beta1 * m * m_largest[block] + (1.0 - step.beta1) * g,
    step.beta2 * v * v_largest[block] + (1.0 - step.beta2) * g * g);
}

fn inverse(largest: f32) -> f32 {
  // One over a subnormal number would be infinite.
  if (largest < 1e-37) { return 0.0; }
  return 1.0 / largest;
}

// One workgroup for a block. The moments are made twice rather than kept.
@compute @workgroup_size(LANES)
fn update(@builtin(workgroup_id) id: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let block = min(id.y * groups.x + id.x, (arrayLength(&param) - 1u) / 64u);
  let end = min(block * 64u + 64u, arrayLength(&param));
  var most_m = 0.0;
  var most_v = 0.0;
  for (var i = block * 64u + lane; i < end; i += LANES) {
    let made = moments(i, block);
    let a = abs(made.m);
    most_m = max(most_m, max(max(a.x, a.y), max(a.z, a.w)));
    most_v = max(most_v, max(max(made.v.x, made.v.y), max(made.v.z, made.v.w)));
  }
  let largest_m = workgroup_max(lane, most_m);
  let largest_v = workgroup_max(lane, most_v);
  if (id.y * groups.x + id.x != block) { return; }
  let rate = step.learning_rate * RATIO;
  for (var i = block * 64u + lane; i < end; i += LANES) {
    let made = moments(i, block);
    let kept = param[i] * (1.0 - rate * step.weight_decay * DECAYS);
    param[i] = kept - rate * (made.m / step.correction1) / (sqrt(made.v / step.correction2) + step.epsilon);
    var codes_m = 0u;
    var codes_v = 0u;
    for (var k = 0u; k < 4u; k++) {
      codes_m |= first_code(made.m[k] * inverse(largest_m)) << (8u * k);
      codes_v |= (nearest(min(made.v[k] * inverse(largest_v), 1.0), 1u, 256u) - 1u) << (8u * k);
    }
    m_codes[i] = codes_m;
    v_codes[i] = codes_v;
  }
  // Every lane has read the old ones.
  let _all = workgroup_max(lane, 0.0);
  if (lane == 0u) {
    m_largest[block] = largest_m;
    v_largest[block] = largest_v;
  }
}
