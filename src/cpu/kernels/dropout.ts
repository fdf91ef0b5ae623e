// Dropout of what a LoRA pair reads, from the same hashed draws as shaders/dropout.wgsl.
import { at, claim, integer, pointer, real } from "./context";
import { pcg, pcg4 } from "./sample";
import { ADAPTER_SCALE, SEED } from "./step";
import { madd } from "./vector";

const PIECE: i32 = 4096;

/** 0 or 1 / (1 - rate) of the four values from `first` on. */
@inline
function mask(first: i32, key: v128, least: v128, kept: v128): v128 {
  const places = i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
  const draws = f32x4.convert_i32x4_s(i32x4.shr_u(pcg4(v128.xor(places, key)), 8));
  return v128.andnot(kept, f32x4.lt(draws, least));
}

/** x step y | elements SITE RATE */
export function forward(call: usize): void {
  const count = integer(call, 3), rate = real(call, 5);
  const key = i32x4.splat(<i32>pcg(<u32>integer(call, 4) ^ pcg(<u32>load<f32>(pointer(call, 1), SEED))));
  const least = f32x4.splat(rate * 16777216), kept = f32x4.splat(1 / (1 - rate));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let x = pointer(call, 0) + at(i), y = pointer(call, 2) + at(i);
    for (let j = i, end = min(i + PIECE, count); j < end; j += 4, x += 16, y += 16) {
      v128.store(y, f32x4.mul(mask(j, key, least, kept), v128.load(x)));
    }
  }
}

/** z step dx | elements SITE RATE */
export function backward(call: usize): void {
  const count = integer(call, 3), rate = real(call, 5), step = pointer(call, 1);
  const key = i32x4.splat(<i32>pcg(<u32>integer(call, 4) ^ pcg(<u32>load<f32>(step, SEED))));
  const least = f32x4.splat(rate * 16777216), kept = f32x4.splat(load<f32>(step, ADAPTER_SCALE) / (1 - rate));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let z = pointer(call, 0) + at(i), dx = pointer(call, 2) + at(i);
    for (let j = i, end = min(i + PIECE, count); j < end; j += 4, z += 16, dx += 16) {
      v128.store(dx, madd(mask(j, key, least, kept), v128.load(z), v128.load(dx)));
    }
  }
}
