// Q4_K and Q5_K: eight sub-blocks of 32 values, x ≈ d s q - e m, with 6-bit scales s and minima m.
//
// For each sub-block a scale and a minimum are searched that lower Σ w (x - x')², w = rms(x) + |x|: rounded codes for a
// row of scales, weighted least squares for each. Four sub-blocks lie in the four lanes of a vector, so that every sum is
// taken in the order of ggml's scalar reference and every code is the same.
import { from_half, half_of } from "./half";

const SUB: usize = 32;
/** Four sub-blocks at once: SUB vectors each of values, weights, codes, codes of the candidate. */
const xs = memory.data(512, 16);
const ws = memory.data(512, 16);
const trial = memory.data(512, 16);
/** Codes of all eight: two groups of SUB vectors. */
const found = memory.data(1024, 16);
const scales = memory.data(32, 16);
const minima = memory.data(32, 16);
const codes = memory.data(256);

export function quantise_affine(x: usize, out: usize, blocks: i32, bits: i32): void {
  const levels = f32((1 << bits) - 1);
  const start: f32 = bits == 4 ? -1 : -0.5;
  const steps = bits == 4 ? 20 : 15;
  const size: usize = bits == 4 ? 144 : 176;
  for (let block = 0; block < blocks; block++, x += 1024, out += size) {
    search(x, 0, levels, start, steps);
    search(x + 512, 1, levels, start, steps);
    write_block(x, out, levels, bits);
  }
}

function search(x: usize, group: usize, levels: f32, start: f32, steps: i32): void {
  transpose(x);
  const best_codes = found + group * SUB * 16;
  let squares = f32x4.splat(0);
  for (let i: usize = 0; i < SUB; i++) {
    const v = v128.load(xs + i * 16);
    squares = f32x4.add(squares, f32x4.mul(v, v));
  }
  const rms = f32x4.sqrt(f32x4.div(squares, f32x4.splat(32)));
  let low = v128.load(xs);
  let high = low;
  let sum_w = f32x4.add(rms, f32x4.abs(low));
  let sum_x = f32x4.mul(sum_w, low);
  v128.store(ws, sum_w);
  for (let i: usize = 1; i < SUB; i++) {
    const v = v128.load(xs + i * 16);
    const w = f32x4.add(rms, f32x4.abs(v));
    v128.store(ws + i * 16, w);
    low = f32x4.pmin(low, v);
    high = f32x4.pmax(high, v);
    sum_w = f32x4.add(sum_w, w);
    sum_x = f32x4.add(sum_x, f32x4.mul(w, v));
  }
  low = f32x4.pmin(low, f32x4.splat(0));
  const constant = f32x4.eq(high, low);
  const first = f32x4.div(f32x4.splat(levels), f32x4.sub(high, low));
  let scale = f32x4.div(f32x4.splat(1), first);
  let lowest = low;
  let least = f32x4.splat(0);
  for (let i: usize = 0; i < SUB; i++) {
    const v = v128.load(xs + i * 16);
    const q = code(f32x4.mul(first, f32x4.sub(v, lowest)), levels);
    v128.store(best_codes + i * 16, q);
    const off = f32x4.sub(f32x4.add(f32x4.mul(scale, q), lowest), v);
    least = f32x4.add(least, f32x4.mul(v128.load(ws + i * 16), f32x4.mul(off, off)));
  }
  for (let step = 0; step <= steps; step++) {
    // ggml takes the best minimum so far, so a candidate depends on those before it.
    const range = f32x4.sub(high, lowest);
    const inverse = f32x4.div(f32x4.splat(start + f32(0.1) * f32(step) + levels), range);
    let sum_l = f32x4.splat(0);
    let sum_l2 = f32x4.splat(0);
    let sum_xl = f32x4.splat(0);
    for (let i: usize = 0; i < SUB; i++) {
      const v = v128.load(xs + i * 16);
      const q = code(f32x4.mul(inverse, f32x4.sub(v, lowest)), levels);
      v128.store(trial + i * 16, q);
      const wq = f32x4.mul(v128.load(ws + i * 16), q);
      sum_l = f32x4.add(sum_l, wq);
      sum_l2 = f32x4.add(sum_l2, f32x4.mul(wq, q));
      sum_xl = f32x4.add(sum_xl, f32x4.mul(wq, v));
    }
    const determinant = f32x4.sub(f32x4.mul(sum_w, sum_l2), f32x4.mul(sum_l, sum_l));
    const solvable = f32x4.gt(determinant, f32x4.splat(0));
    let new_scale = f32x4.div(f32x4.sub(f32x4.mul(sum_w, sum_xl), f32x4.mul(sum_x, sum_l)), determinant);
    let new_low = f32x4.div(f32x4.sub(f32x4.mul(sum_l2, sum_x), f32x4.mul(sum_l, sum_xl)), determinant);
    const above = f32x4.gt(new_low, f32x4.splat(0));
    new_scale = v128.bitselect(f32x4.div(sum_xl, sum_l2), new_scale, above);
    new_low = v128.bitselect(f32x4.splat(0), new_low, above);
    let error = f32x4.splat(0);
    for (let i: usize = 0; i < SUB; i++) {
      const q = v128.load(trial + i * 16);
      const off = f32x4.sub(f32x4.add(f32x4.mul(new_scale, q), new_low), v128.load(xs + i * 16));
      error = f32x4.add(error, f32x4.mul(v128.load(ws + i * 16), f32x4.mul(off, off)));
    }
    const better = v128.and(solvable, f32x4.lt(error, least));
    if (!v128.any_true(better)) continue;
    least = v128.bitselect(error, least, better);
    scale = v128.bitselect(new_scale, scale, better);
    lowest = v128.bitselect(new_low, lowest, better);
    for (let i: usize = 0; i < SUB; i++) {
      const at = best_codes + i * 16;
      v128.store(at, v128.bitselect(v128.load(trial + i * 16), v128.load(at), better));
    }
  }
  const none = f32x4.splat(0);
  v128.store(scales + group * 16, v128.bitselect(none, scale, constant));
  v128.store(minima + group * 16, f32x4.neg(v128.bitselect(low, lowest, constant)));
  if (!v128.any_true(constant)) return;
  for (let i: usize = 0; i < SUB; i++) {
    const at = best_codes + i * 16;
    v128.store(at, v128.bitselect(none, v128.load(at), constant));
  }
}

// Round half to even, between 0 and the highest code.
// @ts-ignore: decorator of AssemblyScript
@inline
function code(value: v128, levels: f32): v128 {
  return f32x4.max(f32x4.splat(0), f32x4.min(f32x4.splat(levels), f32x4.nearest(value)));
}

function transpose(x: usize): void {
  for (let i: usize = 0; i < SUB; i++) {
    for (let lane: usize = 0; lane < 4; lane++) {
      store<f32>(xs + i * 16 + lane * 4, load<f32>(x + (lane * SUB + i) * 4));
    }
  }
}

function write_block(x: usize, out: usize, levels: f32, bits: i32): void {
  let top_scale: f32 = 0;
  let top_min: f32 = 0;
  for (let s: usize = 0; s < 8; s++) {
    const scale = load<f32>(scales + s * 4);
    const low = load<f32>(minima + s * 4);
    if (scale > top_scale) top_scale = scale;
    if (low > top_min) top_min = low;
  }
  const per_scale: f32 = top_scale > 0 ? 63 / top_scale : 0;
  const per_min: f32 = top_min > 0 ? 63 / top_min : 0;
  const d_bits = half_of(top_scale / 63);
  const e_bits = half_of(top_min / 63);
  store<u16>(out, d_bits);
  store<u16>(out + 2, e_bits);
  memory.fill(out + 4, 0, 12);
  const d = from_half(d_bits);
  const e = from_half(e_bits);
  for (let s: usize = 0; s < 8; s++) {
    const scale = six_bits(per_scale * load<f32>(scales + s * 4));
    const low = six_bits(per_min * load<f32>(minima + s * 4));
    pack_scale(out + 4, s, scale, low);
    recode(x + s * 128, s, d * f32(scale), e * f32(low), levels);
  }
  let at = out + 16;
  if (bits == 5) {
    memory.fill(at, 0, 32);
    for (let i: usize = 0; i < 256; i++) {
      const high = (load<u8>(codes + i) >> 4) << u8(i >> 5);
      store<u8>(at + (i & 31), load<u8>(at + (i & 31)) | high);
    }
    at += 32;
  }
  for (let pair: usize = 0; pair < 256; pair += 64, at += 32) {
    for (let i: usize = 0; i < 32; i++) {
      store<u8>(at + i, (load<u8>(codes + pair + i) & 15) | (load<u8>(codes + pair + i + 32) << 4));
    }
  }
}

function six_bits(value: f32): u8 {
  return min<u8>(63, u8(i32(nearest(value)) & 255));
}

function pack_scale(at: usize, s: usize, scale: u8, low: u8): void {
  if (s < 4) {
    store<u8>(at + s, load<u8>(at + s) | scale);
    store<u8>(at + s + 4, load<u8>(at + s + 4) | low);
    return;
  }
  store<u8>(at + s + 4, (scale & 15) | ((low & 15) << 4));
  store<u8>(at + s - 4, load<u8>(at + s - 4) | ((scale >> 4) << 6));
  store<u8>(at + s, load<u8>(at + s) | ((low >> 4) << 6));
}

// Codes under the scale and minimum as they will be read; where the scale has become 0 the search's stay.
function recode(x: usize, s: usize, d: f32, low: f32, levels: f32): void {
  const to = codes + s * 32;
  if (d == 0) {
    const from = found + (s >> 2) * SUB * 16 + (s & 3) * 4;
    for (let i: usize = 0; i < 32; i++) store<u8>(to + i, u8(load<f32>(from + i * 16)));
    return;
  }
  const by = f32x4.splat(d);
  const shift = f32x4.splat(low);
  for (let i: usize = 0; i < 32; i += 4) {
    const q = i32x4.trunc_sat_f32x4_s(code(f32x4.div(f32x4.add(v128.load(x + i * 4), shift), by), levels));
    store<u8>(to + i, u8(i32x4.extract_lane(q, 0)));
    store<u8>(to + i + 1, u8(i32x4.extract_lane(q, 1)));
    store<u8>(to + i + 2, u8(i32x4.extract_lane(q, 2)));
    store<u8>(to + i + 3, u8(i32x4.extract_lane(q, 3)));
  }
}
