// Global norm, AdamW and SGD over flat buffers, and a scaled Step; see shaders/{norm,adamw,sgd,scale}.wgsl.
import { at, ceilDiv, claim, integer, pointer, real } from "./context";
import { ADAPTER_SCALE, BETA1, BETA2, CORRECTION1, CORRECTION2, EPSILON, LEARNING_RATE, MAX_NORM, WEIGHT_DECAY } from "./step";
import { madd, sum4 } from "./vector";

const PIECE: i32 = 4096;

/** x partial | elements PARTS. Part p sums one range of x: in f32 by pieces, the pieces in f64. */
export function partialSums(call: usize): void {
  const count = integer(call, 2), parts = integer(call, 3);
  const share = ceilDiv(ceilDiv(count, parts), 4) * 4;
  for (let part = claim(); part < parts; part = claim()) {
    const end = min((part + 1) * share, count);
    let total: f64 = 0;
    for (let i = part * share; i < end; i += PIECE) {
      let sum = f32x4.splat(0);
      let x = pointer(call, 0) + at(i);
      for (const stop = x + at(min(PIECE, end - i)); x < stop; x += 16) sum = madd(v128.load(x), v128.load(x), sum);
      total += <f64>sum4(sum);
    }
    store<f32>(pointer(call, 1) + at(part), <f32>total);
  }
}

/** parts norm | PARTS */
export function root(call: usize): void {
  if (claim() != 0) return;
  let sum: f64 = 0;
  for (let i = 0; i < integer(call, 2); i++) sum += <f64>load<f32>(pointer(call, 0) + at(i));
  store<f32>(pointer(call, 1), <f32>sqrt(sum));
}

/** step y | elements FACTOR */
export function scale(call: usize): void {
  if (claim() != 0) return;
  const step = pointer(call, 0), y = pointer(call, 1);
  memory.copy(y, step, at(integer(call, 2)));
  store<f32>(y, load<f32>(step, ADAPTER_SCALE) * real(call, 3), ADAPTER_SCALE);
}

/** grad norm step param m | elements RATIO DECAYS */
export function sgd(call: usize): void {
  const step = pointer(call, 2), count = integer(call, 5);
  const most = load<f32>(step, MAX_NORM);
  const clip = f32x4.splat(most > 0 ? min<f32>(1, most / (load<f32>(pointer(call, 1)) + 1e-6)) : 1);
  const momentum = f32x4.splat(load<f32>(step, BETA1)), decay = f32x4.splat(load<f32>(step, WEIGHT_DECAY) * real(call, 7));
  const learn = f32x4.splat(load<f32>(step, LEARNING_RATE) * real(call, 6));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let grad = pointer(call, 0) + at(i), param = pointer(call, 3) + at(i), m = pointer(call, 4) + at(i);
    for (const end = grad + at(min(PIECE, count - i)); grad < end; grad += 16, param += 16, m += 16) {
      const before = v128.load(param);
      const g = f32x4.add(f32x4.mul(v128.load(grad), clip), f32x4.mul(decay, before));
      const velocity = f32x4.add(f32x4.mul(momentum, v128.load(m)), g);
      v128.store(m, velocity);
      v128.store(param, f32x4.sub(before, f32x4.mul(learn, velocity)));
    }
  }
}

/** grad norm step param m v | elements RATIO DECAYS */
export function adamw(call: usize): void {
  const step = pointer(call, 2), count = integer(call, 6);
  const most = load<f32>(step, MAX_NORM), rate = load<f32>(step, LEARNING_RATE) * real(call, 7);
  const clip = f32x4.splat(most > 0 ? min<f32>(1, most / (load<f32>(pointer(call, 1)) + 1e-6)) : 1);
  const beta1 = f32x4.splat(load<f32>(step, BETA1)), rest1 = f32x4.splat(1 - load<f32>(step, BETA1));
  const beta2 = f32x4.splat(load<f32>(step, BETA2)), rest2 = f32x4.splat(1 - load<f32>(step, BETA2));
  const keep = f32x4.splat(1 - rate * load<f32>(step, WEIGHT_DECAY) * real(call, 8)), learn = f32x4.splat(rate);
  const correct1 = f32x4.splat(load<f32>(step, CORRECTION1)), correct2 = f32x4.splat(load<f32>(step, CORRECTION2));
  const epsilon = f32x4.splat(load<f32>(step, EPSILON));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let grad = pointer(call, 0) + at(i), param = pointer(call, 3) + at(i), m = pointer(call, 4) + at(i), v = pointer(call, 5) + at(i);
    for (const end = grad + at(min(PIECE, count - i)); grad < end; grad += 16, param += 16, m += 16, v += 16) {
      const g = f32x4.mul(v128.load(grad), clip);
      const first = f32x4.add(f32x4.mul(beta1, v128.load(m)), f32x4.mul(rest1, g));
      const second = f32x4.add(f32x4.mul(beta2, v128.load(v)), f32x4.mul(f32x4.mul(rest2, g), g));
      v128.store(m, first);
      v128.store(v, second);
      const move = f32x4.div(
        f32x4.mul(learn, f32x4.div(first, correct1)),
        f32x4.add(f32x4.sqrt(f32x4.div(second, correct2)), epsilon),
      );
      v128.store(param, f32x4.sub(f32x4.mul(v128.load(param), keep), move));
    }
  }
}
