// One token per row of logits: the largest, or a Gumbel-max draw from the same hashed noise as shaders/sample.wgsl.
import { at, claim, integer, pointer, scratch } from "./context";
import { SEED, TEMPERATURE } from "./step";
import { log4 } from "./vector";

@inline
export function pcg(value: u32): u32 {
  const state: u32 = value * 747796405 + 2891336453;
  const word: u32 = ((state >> ((state >> 28) + 4)) ^ state) * 277803737;
  return (word >> 22) ^ word;
}

@inline
export function pcg4(value: v128): v128 {
  const state = i32x4.add(i32x4.mul(value, i32x4.splat(747796405)), i32x4.splat(<i32>2891336453));
  // SIMD shifts all lanes by one amount, so the variable shift goes lane by lane.
  const n = i32x4.add(i32x4.shr_u(state, 28), i32x4.splat(4));
  let shifted = i32x4.splat(<i32>(<u32>i32x4.extract_lane(state, 0) >> i32x4.extract_lane(n, 0)));
  shifted = i32x4.replace_lane(shifted, 1, <i32>(<u32>i32x4.extract_lane(state, 1) >> i32x4.extract_lane(n, 1)));
  shifted = i32x4.replace_lane(shifted, 2, <i32>(<u32>i32x4.extract_lane(state, 2) >> i32x4.extract_lane(n, 2)));
  shifted = i32x4.replace_lane(shifted, 3, <i32>(<u32>i32x4.extract_lane(state, 3) >> i32x4.extract_lane(n, 3)));
  const word = i32x4.mul(v128.xor(shifted, state), i32x4.splat(277803737));
  return v128.xor(i32x4.shr_u(word, 22), word);
}

/** -log e with e = -log(1 - u), and its series where 1 - u would round: the winner has the smallest e. */
@inline
function gumbel4(hash: v128, tokens: v128): v128 {
  const bits = v128.not(pcg4(v128.xor(tokens, hash))), one = f32x4.splat(1);
  const fraction = f32x4.div(f32x4.add(f32x4.convert_i32x4_u(bits), f32x4.splat(0.5)), f32x4.splat(4294967296));
  const u = f32x4.pmin(f32x4.splat(0.9999999), fraction);
  const series = f32x4.add(one, f32x4.mul(u, f32x4.add(f32x4.splat(0.5), f32x4.div(u, f32x4.splat(3)))));
  const near = f32x4.lt(u, f32x4.splat(0.01));
  return f32x4.neg(log4(v128.bitselect(f32x4.mul(u, series), f32x4.neg(log4(f32x4.sub(one, u))), near)));
}

/** logits keys step tokens | rows VOCAB STRIDE */
export function forward(call: usize): void {
  const step = pointer(call, 2), rows = integer(call, 4), vocab = integer(call, 5), stride = integer(call, 6);
  const temperature = load<f32>(step, TEMPERATURE), heat = f32x4.splat(temperature);
  const seed = pcg(<u32>load<f32>(step, SEED));
  for (let row = claim(); row < rows; row = claim()) {
    const hash = i32x4.splat(<i32>pcg(load<u32>(pointer(call, 1) + at(row)) ^ seed));
    const z = pointer(call, 0) + at(row * stride);
    let best = f32x4.splat(-3.0e38), chosen = i32x4.splat(-1), tokens = i32x4(0, 1, 2, 3);
    // Rows are a multiple of 4 apart; lanes behind the vocabulary are taken out.
    for (let i = 0; i < vocab; i += 4) {
      let score = v128.load(z + at(i));
      if (temperature > 0) score = f32x4.add(f32x4.div(score, heat), gumbel4(hash, tokens));
      const better = v128.and(f32x4.gt(score, best), i32x4.lt_s(tokens, i32x4.splat(vocab)));
      best = v128.bitselect(score, best, better);
      chosen = v128.bitselect(tokens, chosen, better);
      tokens = i32x4.add(tokens, i32x4.splat(4));
    }
    v128.store(scratch, best);
    v128.store(scratch, chosen, 16);
    let score = load<f32>(scratch), token = load<u32>(scratch, 16);
    for (let i = 1; i < 4; i++) {
      const other = load<f32>(scratch + at(i)), id = load<u32>(scratch + at(i), 16);
      if (other > score || (other == score && id < token)) {
        score = other;
        token = id;
      }
    }
    store<u32>(pointer(call, 3) + at(row), token);
  }
}
