// Gradient of a LoRA matrix; see shaders/lora.wgsl.
//
//   gradient   g[M, N] += scale · left[T, M]ᵀ · right[T, N]
//
// Four columns of left and eight of right stay in registers over all of T. Both are read in place: their rows are the
// steps of the inner dimension already.
import { at, ceilDiv, claim, integer, pointer, threads } from "./context";
import { ADAPTER_SCALE } from "./step";
import { madd } from "./vector";

/** g's 4 × 8 (or 4) block at `g`; `left` and `right` point at their columns in row 0. */
function block(left: usize, leftStep: usize, right: usize, rightStep: usize, T: i32, g: usize, row: usize, scale: v128, wide: bool): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  if (wide) {
    for (let t = 0; t < T; t++, left += leftStep, right += rightStep) {
      const b0 = v128.load(right), b1 = v128.load(right, 16);
      let x = v128.load32_splat(left); s00 = madd(x, b0, s00); s01 = madd(x, b1, s01);
      x = v128.load32_splat(left, 4); s10 = madd(x, b0, s10); s11 = madd(x, b1, s11);
      x = v128.load32_splat(left, 8); s20 = madd(x, b0, s20); s21 = madd(x, b1, s21);
      x = v128.load32_splat(left, 12); s30 = madd(x, b0, s30); s31 = madd(x, b1, s31);
    }
  } else {
    for (let t = 0; t < T; t++, left += leftStep, right += rightStep) {
      const b0 = v128.load(right);
      s00 = madd(v128.load32_splat(left), b0, s00);
      s10 = madd(v128.load32_splat(left, 4), b0, s10);
      s20 = madd(v128.load32_splat(left, 8), b0, s20);
      s30 = madd(v128.load32_splat(left, 12), b0, s30);
    }
  }
  const g1 = g + row, g2 = g1 + row, g3 = g2 + row;
  v128.store(g, madd(scale, s00, v128.load(g)));
  v128.store(g1, madd(scale, s10, v128.load(g1)));
  v128.store(g2, madd(scale, s20, v128.load(g2)));
  v128.store(g3, madd(scale, s30, v128.load(g3)));
  if (!wide) return;
  v128.store(g, madd(scale, s01, v128.load(g, 16)), 16);
  v128.store(g1, madd(scale, s11, v128.load(g1, 16)), 16);
  v128.store(g2, madd(scale, s21, v128.load(g2, 16)), 16);
  v128.store(g3, madd(scale, s31, v128.load(g3, 16)), 16);
}

/** left right g step | T M N */
export function gradient(call: usize): void {
  const left = pointer(call, 0), right = pointer(call, 1), g = pointer(call, 2);
  const T = integer(call, 4), M = integer(call, 5), N = integer(call, 6);
  const scale = f32x4.splat(load<f32>(pointer(call, 3), ADAPTER_SCALE));
  const down = M >> 2, blocks = down * ceilDiv(N, 8);
  const share = max(1, ceilDiv(blocks, threads * 4));
  const tasks = ceilDiv(blocks, share);
  for (let task = claim(); task < tasks; task = claim()) {
    const end = min((task + 1) * share, blocks);
    for (let i = task * share; i < end; i++) {
      const m = (i % down) << 2, n = (i / down) << 3;
      block(left + at(m), at(M), right + at(n), at(N), T, g + at(m * N + n), at(N), scale, n + 8 <= N);
    }
  }
}
