// Next-token loss over rows of logits; see shaders/cross-entropy.wgsl. One row is one task.
import { at, claim, indexAt, integer, pointer, real } from "./context";
import { LOSS_SCALE } from "./step";
import { exp1, exp4, log1, max4, sum4 } from "./vector";

/** log Σ exp(s·z), around the largest value; s above 0. */
function logSumExp(z: usize, count: i32, s: f32): f32 {
  const quads = z + at(count & ~3), end = z + at(count);
  let top = f32x4.splat(-3.0e38);
  for (let p = z; p < quads; p += 16) top = f32x4.pmax(top, v128.load(p));
  let largest = max4(top);
  for (let p = quads; p < end; p += 4) largest = max(largest, load<f32>(p));
  largest *= s;
  const shift = f32x4.splat(largest), sharp = f32x4.splat(s);
  let s0 = f32x4.splat(0), s1 = s0;
  const pairs = z + at(count & ~7);
  let p = z;
  for (; p < pairs; p += 32) {
    s0 = f32x4.add(s0, exp4(f32x4.sub(f32x4.mul(v128.load(p), sharp), shift)));
    s1 = f32x4.add(s1, exp4(f32x4.sub(f32x4.mul(v128.load(p, 16), sharp), shift)));
  }
  if (count & 4) s0 = f32x4.add(s0, exp4(f32x4.sub(f32x4.mul(v128.load(p), sharp), shift)));
  let sum = sum4(f32x4.add(s0, s1));
  for (p = quads; p < end; p += 4) sum += exp1(s * load<f32>(p) - largest);
  return largest + log1(sum);
}

/** logits targets weights nll | rows VOCAB STRIDE | SHARPNESS */
export function forward(call: usize): void {
  const rows = integer(call, 4), vocab = integer(call, 5), stride = integer(call, 6), s = real(call, 7);
  for (let row = claim(); row < rows; row = claim()) {
    const nll = pointer(call, 3) + at(row);
    store<f32>(nll, 0);
    if (load<f32>(pointer(call, 2) + at(row)) == 0) continue;
    const z = pointer(call, 0) + at(row * stride);
    store<f32>(nll, logSumExp(z, vocab, s) - s * load<f32>(z + at(indexAt(pointer(call, 1), row, vocab - 1))));
  }
}

/** z targets weights step nll | rows VOCAB STRIDE | SHARPNESS */
export function backward(call: usize): void {
  const rows = integer(call, 5), vocab = integer(call, 6), stride = integer(call, 7), s = real(call, 8);
  const lossScale = load<f32>(pointer(call, 3), LOSS_SCALE);
  for (let row = claim(); row < rows; row = claim()) {
    const nll = pointer(call, 4) + at(row), own = load<f32>(pointer(call, 2) + at(row)), weight = own * lossScale * s;
    const z = pointer(call, 0) + at(row * stride), target = z + at(indexAt(pointer(call, 1), row, vocab - 1));
    const quads = z + at(vocab & ~3);
    store<f32>(nll, 0);
    let p = z;
    if (own != 0) {
      const total = logSumExp(z, vocab, s), shift = f32x4.splat(total), factor = f32x4.splat(weight), sharp = f32x4.splat(s);
      store<f32>(nll, total - s * load<f32>(target));
      for (; p < quads; p += 16) v128.store(p, f32x4.mul(factor, exp4(f32x4.sub(f32x4.mul(v128.load(p), sharp), shift))));
      for (const end = z + at(vocab); p < end; p += 4) store<f32>(p, weight * exp1(s * load<f32>(p) - total));
      store<f32>(target, load<f32>(target) - weight);
    }
    // The padding behind the vocabulary, or a whole row that teaches nothing.
    for (const end = z + at(stride); p < end; p += 4) store<f32>(p, 0);
  }
}
