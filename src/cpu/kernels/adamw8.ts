// AdamW with moments of eight bits; see shaders/adamw8.wgsl, which has the map and its formula.
import { at, claim, integer, pointer, real } from "./context";
import { BETA1, BETA2, CORRECTION1, CORRECTION2, EPSILON, LEARNING_RATE, MAX_NORM, WEIGHT_DECAY } from "./step";

const BLOCK: i32 = 256;

/** 10^(level - 6). No table: the memory is the host's, and holds no data of the module's own. */
function decade(level: i32): f32 {
  switch (level) {
    case 0: return 1e-6;
    case 1: return 1e-5;
    case 2: return 1e-4;
    case 3: return 1e-3;
    case 4: return 1e-2;
    case 5: return 1e-1;
    default: return 1;
  }
}

function value(q: i32, extra: i32): f32 {
  if (q <= extra) return 0;
  const bits = 31 - clz(q);
  if (bits - extra == 7) return 1;
  const cells = 1 << bits;
  return decade(bits - extra) * (<f32>0.1 + <f32>0.9 * (<f32>(q - cells) + <f32>0.5) / <f32>cells);
}

function nearest(x: f32, extra: i32, last: i32): i32 {
  let level = 0;
  while (level < 6 && x > decade(level)) level++;
  const cells = 1 << (level + extra);
  const j = floor((x / decade(level) - <f32>0.1) / <f32>0.9 * <f32>cells);
  const q = cells + <i32>max<f32>(0, min<f32>(j, <f32>(cells - 1)));
  const off = abs(value(q, extra) - x);
  if (q < last && abs(value(q + 1, extra) - x) < off) return q + 1;
  return abs(value(q - 1, extra) - x) < off ? q - 1 : q;
}

@inline
function firstMoment(code: i32): f32 {
  return code < 127 ? -value(127 - code, 0) : value(code - 127, 0);
}

@inline
function firstCode(x: f32): i32 {
  return x < 0 ? 127 - nearest(min<f32>(-x, 1), 0, 127) : 127 + nearest(min<f32>(x, 1), 0, 128);
}

/** grad norm step param m_codes v_codes m_largest v_largest | elements RATIO DECAYS */
export function adamw8(call: usize): void {
  const step = pointer(call, 2), count = integer(call, 8);
  const most = load<f32>(step, MAX_NORM), rate = load<f32>(step, LEARNING_RATE) * real(call, 9);
  const clip: f32 = most > 0 ? min<f32>(1, most / (load<f32>(pointer(call, 1)) + 1e-6)) : 1;
  const beta1 = load<f32>(step, BETA1), beta2 = load<f32>(step, BETA2), epsilon = load<f32>(step, EPSILON);
  const keep: f32 = 1 - rate * load<f32>(step, WEIGHT_DECAY) * real(call, 10);
  const correct1 = load<f32>(step, CORRECTION1), correct2 = load<f32>(step, CORRECTION2);
  for (let block = claim(); block * BLOCK < count; block = claim()) {
    const from = block * BLOCK, size = min(BLOCK, count - from);
    const codesM = pointer(call, 4) + from, codesV = pointer(call, 5) + from;
    const placeM = pointer(call, 6) + at(block), placeV = pointer(call, 7) + at(block);
    const scaleM = load<f32>(placeM), scaleV = load<f32>(placeV);
    const grad = pointer(call, 0) + at(from), param = pointer(call, 3) + at(from);
    let largestM: f32 = 0, largestV: f32 = 0;
    for (let i = 0; i < size; i++) {
      const g = load<f32>(grad + at(i)) * clip;
      const m = beta1 * firstMoment(load<u8>(codesM + i)) * scaleM + (1 - beta1) * g;
      const v = beta2 * value(<i32>load<u8>(codesV + i) + 1, 1) * scaleV + (1 - beta2) * g * g;
      largestM = max(largestM, abs(m));
      largestV = max(largestV, v);
    }
    // One over a subnormal number would be infinite.
    const byM: f32 = largestM < 1e-37 ? 0 : 1 / largestM, byV: f32 = largestV < 1e-37 ? 0 : 1 / largestV;
    // The moments once more, rather than kept: a block's codes are overwritten only as they are read.
    for (let i = 0; i < size; i++) {
      const g = load<f32>(grad + at(i)) * clip, to = param + at(i);
      const m = beta1 * firstMoment(load<u8>(codesM + i)) * scaleM + (1 - beta1) * g;
      const v = beta2 * value(<i32>load<u8>(codesV + i) + 1, 1) * scaleV + (1 - beta2) * g * g;
      store<f32>(to, load<f32>(to) * keep - rate * (m / correct1) / (sqrt(v / correct2) + epsilon));
      store<u8>(codesM + i, <u8>firstCode(m * byM));
      store<u8>(codesV + i, <u8>(nearest(min<f32>(v * byV, 1), 1, 256) - 1));
    }
    store<f32>(placeM, largestM);
    store<f32>(placeV, largestV);
  }
}
