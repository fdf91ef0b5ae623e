// RMSNorm over rows; see shaders/rmsnorm.wgsl for the formulas.
import { at, claim, integer, pointer, real } from "./context";
import { madd, sum4 } from "./vector";

/** Rows per task: enough to be worth a claim. */
const ROWS: i32 = 4;

@inline
function dot(a: usize, b: usize, width: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0;
  const end = a + at(width & ~7);
  for (; a < end; a += 32, b += 32) {
    s0 = madd(v128.load(a), v128.load(b), s0);
    s1 = madd(v128.load(a, 16), v128.load(b, 16), s1);
  }
  if (width & 4) s0 = madd(v128.load(a), v128.load(b), s0);
  return sum4(f32x4.add(s0, s1));
}

@inline
function inverseRms(x: usize, width: i32, eps: f32): f32 {
  return <f32>(1 / sqrt(dot(x, x, width) / <f32>width + eps));
}

/** x w y | rows WIDTH EPS */
export function forward(call: usize): void {
  const rows = integer(call, 3), width = integer(call, 4), eps = real(call, 5);
  for (let task = claim(); task * ROWS < rows; task = claim()) {
    for (let row = task * ROWS, end = min(row + ROWS, rows); row < end; row++) {
      let x = pointer(call, 0) + at(row * width), w = pointer(call, 1), y = pointer(call, 2) + at(row * width);
      const r = f32x4.splat(inverseRms(x, width, eps));
      for (const stop = x + at(width); x < stop; x += 16, w += 16, y += 16) {
        v128.store(y, f32x4.mul(f32x4.mul(v128.load(w), v128.load(x)), r));
      }
    }
  }
}

/** x dy terms | rows WIDTH EPS */
export function weightTerms(call: usize): void {
  const rows = integer(call, 3), width = integer(call, 4), eps = real(call, 5);
  for (let task = claim(); task * ROWS < rows; task = claim()) {
    for (let row = task * ROWS, end = min(row + ROWS, rows); row < end; row++) {
      const offset = at(row * width);
      let x = pointer(call, 0) + offset, dy = pointer(call, 1) + offset, terms = pointer(call, 2) + offset;
      const r = f32x4.splat(inverseRms(x, width, eps));
      for (const stop = x + at(width); x < stop; x += 16, dy += 16, terms += 16) {
        v128.store(terms, f32x4.mul(f32x4.mul(v128.load(dy), v128.load(x)), r));
      }
    }
  }
}

/** x w dy dx | rows WIDTH EPS */
export function backward(call: usize): void {
  const rows = integer(call, 4), width = integer(call, 5), eps = real(call, 6);
  for (let task = claim(); task * ROWS < rows; task = claim()) {
    for (let row = task * ROWS, end = min(row + ROWS, rows); row < end; row++) {
      const offset = at(row * width);
      let x = pointer(call, 0) + offset, w = pointer(call, 1), dy = pointer(call, 2) + offset, dx = pointer(call, 3) + offset;
      const r = inverseRms(x, width, eps);
      let sum = f32x4.splat(0);
      for (let i: usize = 0; i < at(width); i += 16) {
        sum = madd(f32x4.mul(v128.load(w + i), v128.load(dy + i)), v128.load(x + i), sum);
      }
      const factor = f32x4.splat(r), pull = f32x4.splat((-r * r * sum4(sum)) / <f32>width);
      for (const stop = x + at(width); x < stop; x += 16, w += 16, dy += 16, dx += 16) {
        const direct = f32x4.mul(v128.load(w), v128.load(dy));
        v128.store(dx, f32x4.mul(factor, madd(v128.load(x), pull, direct)));
      }
    }
  }
}
