// Q6_K: sixteen sub-blocks of 16 values, x ≈ d s (q - 32), with 8-bit scales s. For each sub-block the scale that makes
// (Σ w x q)² / Σ w q² largest is searched among nineteen, w = x². Four sub-blocks lie in the four lanes of a vector.
import { from_half, half_of } from "./half";

const SUB: usize = 16;
const xs = memory.data(256, 16);
/** What the searched codes follow from, by sub-block. */
const inverses = memory.data(64, 16);
const scales = memory.data(64, 16);
const codes = memory.data(256);
const NOTHING: f32 = 1e-15;

export function quantise_q6_k(x: usize, out: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++, x += 1024, out += 210) {
    for (let group: usize = 0; group < 4; group++) search(x + group * 256, group);
    write_block(x, out);
  }
}

function search(x: usize, group: usize): void {
  let most = f32x4.splat(0);
  let peak = f32x4.splat(0);
  for (let i: usize = 0; i < SUB; i++) {
    const v = f32x4(
      load<f32>(x + i * 4),
      load<f32>(x + (SUB + i) * 4),
      load<f32>(x + (2 * SUB + i) * 4),
      load<f32>(x + (3 * SUB + i) * 4),
    );
    v128.store(xs + i * 16, v);
    const size = f32x4.abs(v);
    const larger = f32x4.gt(size, most);
    most = v128.bitselect(size, most, larger);
    peak = v128.bitselect(v, peak, larger);
  }
  const empty = f32x4.lt(most, f32x4.splat(NOTHING));
  let inverse = f32x4.div(f32x4.splat(-32), peak);
  let sum_lx = f32x4.splat(0);
  let sum_l2 = f32x4.splat(0);
  for (let i: usize = 0; i < SUB; i++) {
    const v = v128.load(xs + i * 16);
    const q = code(f32x4.mul(inverse, v));
    const w = f32x4.mul(v, v);
    sum_lx = f32x4.add(sum_lx, f32x4.mul(f32x4.mul(w, v), q));
    sum_l2 = f32x4.add(sum_l2, f32x4.mul(f32x4.mul(w, q), q));
  }
  const zero = f32x4.splat(0);
  let scale = v128.bitselect(zero, f32x4.div(sum_lx, sum_l2), f32x4.eq(sum_l2, zero));
  let best = f32x4.mul(scale, sum_lx);
  for (let step = -9; step <= 9; step++) {
    if (step == 0) continue;
    const candidate = f32x4.div(f32x4.splat(-(f32(32) + f32(0.1) * f32(step))), peak);
    sum_lx = zero;
    sum_l2 = zero;
    for (let i: usize = 0; i < SUB; i++) {
      const v = v128.load(xs + i * 16);
      const q = code(f32x4.mul(candidate, v));
      const w = f32x4.mul(v, v);
      sum_lx = f32x4.add(sum_lx, f32x4.mul(f32x4.mul(w, v), q));
      sum_l2 = f32x4.add(sum_l2, f32x4.mul(f32x4.mul(w, q), q));
    }
    const better = v128.and(f32x4.gt(sum_l2, zero), f32x4.gt(f32x4.mul(sum_lx, sum_lx), f32x4.mul(best, sum_l2)));
    const new_scale = f32x4.div(sum_lx, sum_l2);
    inverse = v128.bitselect(candidate, inverse, better);
    scale = v128.bitselect(new_scale, scale, better);
    best = v128.bitselect(f32x4.mul(new_scale, sum_lx), best, better);
  }
  v128.store(scales + group * 16, v128.bitselect(zero, scale, empty));
  v128.store(inverses + group * 16, inverse);
}

// @ts-ignore: decorator of AssemblyScript
@inline
function code(value: v128): v128 {
  return f32x4.max(f32x4.splat(-32), f32x4.min(f32x4.splat(31), f32x4.nearest(value)));
}

function write_block(x: usize, out: usize): void {
  let top: f32 = 0;
  for (let s: usize = 0; s < 16; s++) {
    const scale = load<f32>(scales + s * 4);
    if (abs(scale) > abs(top)) top = scale;
  }
  if (abs(top) < NOTHING) {
    memory.fill(out, 0, 210);
    return;
  }
  const inverse: f32 = -128 / top;
  const d_bits = half_of(1 / inverse);
  store<u16>(out + 208, d_bits);
  const d = from_half(d_bits);
  for (let s: usize = 0; s < 16; s++) {
    const step = i8(min<i32>(127, i32(nearest(inverse * load<f32>(scales + s * 4)))));
    store<i8>(out + 192 + s, step);
    recode(x + s * 64, s, d * f32(step));
  }
  for (let part: usize = 0; part < 2; part++) {
    const from = codes + part * 128;
    for (let i: usize = 0; i < 32; i++) {
      const q1 = load<u8>(from + i);
      const q2 = load<u8>(from + i + 32);
      const q3 = load<u8>(from + i + 64);
      const q4 = load<u8>(from + i + 96);
      store<u8>(out + part * 64 + i, (q1 & 15) | (q3 << 4));
      store<u8>(out + part * 64 + i + 32, (q2 & 15) | (q4 << 4));
      store<u8>(out + 128 + part * 32 + i, (q1 >> 4) | ((q2 >> 4) << 2) | ((q3 >> 4) << 4) | ((q4 >> 4) << 6));
    }
  }
}

// Codes under the scale as it will be read; where it has become 0 the search's stay, or 0 where there was nothing.
function recode(x: usize, s: usize, d: f32): void {
  const to = codes + s * 16;
  const nothing = d == 0 && load<f32>(scales + s * 4) == 0;
  for (let i: usize = 0; i < 16; i++) {
    const value = load<f32>(x + i * 4);
    const scaled: f32 = d == 0 ? value * load<f32>(inverses + s * 4) : value / d;
    const q = max<f32>(-32, min<f32>(31, nearest(scaled)));
    store<u8>(to + i, nothing ? 0 : u8(i32(q) + 32));
  }
}
