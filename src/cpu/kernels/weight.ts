// Frozen weights in any storage format. A format is one function that turns `count` values from a block boundary on
// into f32, and one line each in `rowBytes`, `blockOf` and `dequantise`. Kernels see f32 only.
//
// To add one: number it here as in WEIGHT_FORMATS of src/cpu/descriptors.ts.
import { at } from "./context";

export const F32: i32 = 0;
export const F16: i32 = 1;

/** Values that are stored together: pieces of a row start at multiples of it. */
export function blockOf(format: i32): i32 {
  return 1;
}

/** Bytes of `count` values that start at a block boundary. */
@inline
function bytesOf(format: i32, count: i32): usize {
  if (format == F16) return (<usize>count) << 1;
  return at(count);
}

/** Writes columns [column, column + count) of a row as f32. `width` is the row's length; count a multiple of 4. */
export function dequantise(format: i32, w: usize, width: i32, row: i32, column: i32, count: i32, to: usize): void {
  const from = w + (<usize>row) * bytesOf(format, width) + bytesOf(format, column);
  if (format == F16) f16(from, count, to);
}

/** Exponent and mantissa move to f32's places, and one multiplication corrects the bias; subnormals come out right. */
function f16(from: usize, count: i32, to: usize): void {
  const bias = f32x4.splat(5.192296858534828e33); // 2^112
  for (const end = to + at(count); to < end; to += 16, from += 8) {
    const half = v128.load16x4_u(from);
    const magnitude = f32x4.mul(i32x4.shl(v128.and(half, i32x4.splat(0x7fff)), 13), bias);
    v128.store(to, v128.or(magnitude, i32x4.shl(v128.and(half, i32x4.splat(0x8000)), 16)));
  }
}
