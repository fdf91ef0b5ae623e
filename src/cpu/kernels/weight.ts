// Frozen weights in any storage format. Kernels see f32 only: a format is one function here that turns `count` values
// of a row, from a block boundary on, into f32, and its line in `blockOf`, `rowBytes` and `dequantise`.
// The layouts are those of shaders/lib/weight-*.wgsl; the numbers are those of WEIGHT_FORMATS in src/cpu/descriptors.ts.
import { at } from "./context";

export const F32: i32 = 0;
const F16: i32 = 1;
const Q8_0: i32 = 2;
const Q4_0: i32 = 3;
const Q4_1: i32 = 4;
const Q5_0: i32 = 5;
const Q5_1: i32 = 6;
const Q4_K: i32 = 7;
const Q5_K: i32 = 8;
const Q6_K: i32 = 9;
const NF4: i32 = 10;
const BF16: i32 = 11;

/** Values that are stored together: pieces of a row start at multiples of it. */
export function blockOf(format: i32): i32 {
  if (format <= F16 || format == BF16) return 1;
  return format >= NF4 ? 64 : format >= Q4_K ? 256 : 32;
}

/** Halves in front of a row, padded to a word. */
@inline
function scaleBytes(blocks: i32): usize {
  return (<usize>((blocks + 1) >> 1)) << 2;
}

function rowBytes(format: i32, width: i32): usize {
  const blocks = width / blockOf(format), n = <usize>blocks;
  switch (format) {
    case F16:
    case BF16: return (<usize>width) << 1;
    case Q8_0: return scaleBytes(blocks) + n * 32;
    case Q4_0: return scaleBytes(blocks) + n * 16;
    case Q4_1: return n * 20;
    case Q5_0: return scaleBytes(blocks) + n * 20;
    case Q5_1: return n * 24;
    case Q4_K: return n * 144;
    case Q5_K: return n * 176;
    case Q6_K: return scaleBytes(blocks) + n * 208;
    case NF4: return n * 36;
    default: return at(width);
  }
}

/** Writes columns [column, column + count) of a row as f32. `width` is the row's length; count a multiple of 4. */
export function dequantise(format: i32, w: usize, width: i32, row: i32, column: i32, count: i32, to: usize): void {
  const start = w + (<usize>row) * rowBytes(format, width), block = blockOf(format);
  if (format == F16) return halves(start + ((<usize>column) << 1), count, to);
  if (format == BF16) return upperHalves(start + ((<usize>column) << 1), count, to);
  const body = start + scaleBytes(width / block), end = (column + count) / block;
  for (let i = column / block; i < end; i++) {
    const n = <usize>i, scale = start + (n << 1);
    switch (format) {
      case Q8_0: q8_0(half(scale), body + n * 32, to); break;
      case Q4_0: nibbles(body + n * 16, 0, 8, half(scale), 0, to); break;
      case Q4_1: nibbles(start + n * 20 + 4, 0, 0, half(start + n * 20), half(start + n * 20, 2), to); break;
      case Q5_0: nibbles(body + n * 20 + 4, load<u32>(body + n * 20), 16, half(scale), 0, to); break;
      case Q5_1: nibbles(start + n * 24 + 8, load<u32>(start + n * 24, 4), 0, half(start + n * 24), half(start + n * 24, 2), to); break;
      case Q4_K: q4_5_k(start + n * 144, 0, start + n * 144 + 16, to); break;
      case Q5_K: q4_5_k(start + n * 176, start + n * 176 + 16, start + n * 176 + 48, to); break;
      case Q6_K: q6_k(half(scale), body + n * 208, to); break;
      case NF4: nf4(start + n * 36, to); break;
    }
    to += at(block);
  }
}

/** Exponent and mantissa move to f32's places, and one multiplication corrects the bias; subnormals come out right. */
const BIAS: f32 = 5.192296858534828e33; // 2^112

function halves(from: usize, count: i32, to: usize): void {
  for (const end = to + at(count); to < end; to += 16, from += 8) {
    // Extended by its sign, a half brings the sign to its place by the same shift.
    const bits = i32x4.shl(v128.load16x4_s(from), 13);
    v128.store(to, f32x4.mul(v128.and(bits, i32x4.splat(<i32>0x8fffffff)), f32x4.splat(BIAS)));
  }
}

/** bf16: the upper halves of f32. */
function upperHalves(from: usize, count: i32, to: usize): void {
  for (const end = to + at(count); to < end; to += 16, from += 8) {
    v128.store(to, i32x4.shl(v128.load16x4_u(from), 16));
  }
}

@inline
function half(from: usize, offset: usize = 0): f32 {
  const bits = <u32>load<u16>(from + offset);
  const magnitude = reinterpret<f32>((bits & 0x7fff) << 13) * BIAS;
  return bits & 0x8000 ? -magnitude : magnitude;
}

/** scale · (byte - bias) + low for 16 bytes. */
@inline
function spread(bytes: v128, bias: i32, scale: f32, low: f32, to: usize): void {
  const b = i16x8.splat(<i16>bias), s = f32x4.splat(scale), l = f32x4.splat(low);
  const first = i16x8.sub(i16x8.extend_low_i8x16_u(bytes), b), second = i16x8.sub(i16x8.extend_high_i8x16_u(bytes), b);
  v128.store(to, f32x4.add(f32x4.mul(s, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(first))), l));
  v128.store(to, f32x4.add(f32x4.mul(s, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(first))), l), 16);
  v128.store(to, f32x4.add(f32x4.mul(s, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(second))), l), 32);
  v128.store(to, f32x4.add(f32x4.mul(s, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(second))), l), 48);
}

function q8_0(scale: f32, q: usize, to: usize): void {
  for (const end = to + 128; to < end; to += 16, q += 4) {
    const values = i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(v128.load32_zero(q)));
    v128.store(to, f32x4.mul(f32x4.splat(scale), f32x4.convert_i32x4_s(values)));
  }
}

/** 16 for every set bit of h, as bytes; `select` names the byte of h that holds each bit. */
@inline
function fifth(h: u32, select: v128): v128 {
  const mask = i64x2.splat(<i64>0x8040201008040201);
  return v128.and(i8x16.eq(v128.and(i8x16.swizzle(i32x4.splat(<i32>h), select), mask), mask), i8x16.splat(16));
}

/** 32 values of four bits, low nibbles first; h holds their fifth bits, or is 0. */
@inline
function nibbles(q: usize, h: u32, bias: i32, scale: f32, low: f32, to: usize): void {
  const bytes = v128.load(q);
  const first = v128.or(v128.and(bytes, i8x16.splat(15)), fifth(h, i64x2(0, 0x0101010101010101)));
  const second = v128.or(i8x16.shr_u(bytes, 4), fifth(h, i64x2(0x0202020202020202, 0x0303030303030303)));
  spread(first, bias, scale, low, to);
  spread(second, bias, scale, low, to + 64);
}

/** Eight sub-blocks of 32 with a scale and a minimum of six bits each; `high` points at the fifth bits, or is 0. */
function q4_5_k(header: usize, high: usize, q: usize, to: usize): void {
  const d = half(header), e = half(header, 2);
  for (let s: i32 = 0; s < 8; s++) {
    const scales = header + 4 + <usize>(s & 3);
    const x = <u32>load<u8>(scales), y = <u32>load<u8>(scales, 4), z = <u32>load<u8>(scales, 8);
    const scale = d * <f32>(s < 4 ? x & 63 : (z & 15) | ((x >> 6) << 4));
    const low = -e * <f32>(s < 4 ? y & 63 : (z >> 4) | ((y >> 6) << 4));
    for (let part: usize = 0; part < 32; part += 16, to += 64) {
      let bytes = v128.and(i8x16.shr_u(v128.load(q + (<usize>(s >> 1) << 5) + part), 4 * (s & 1)), i8x16.splat(15));
      if (high) {
        const bits = v128.and(i8x16.shr_u(v128.load(high + part), s), i8x16.splat(1));
        bytes = v128.or(bytes, i8x16.shl(bits, 4));
      }
      spread(bytes, 0, scale, low, to);
    }
  }
}

/** Sixteen sub-blocks of 16 with a scale of eight bits each. */
function q6_k(d: f32, q: usize, to: usize): void {
  for (let i: i32 = 0; i < 16; i++, to += 64) {
    const side = <usize>(i >> 3), part = (i >> 1) & 3, j = (<usize>(i & 1)) << 4;
    const low = i8x16.shr_u(v128.load(q + (side << 6) + (<usize>(part & 1) << 5) + j), 4 * (part >> 1));
    const high = v128.and(i8x16.shr_u(v128.load(q + 128 + (side << 5) + j), 2 * part), i8x16.splat(3));
    const bytes = v128.or(v128.and(low, i8x16.splat(15)), i8x16.shl(high, 4));
    spread(bytes, 32, d * <f32>load<i8>(q + 192 + <usize>i), 0, to);
  }
}

/**
 * NormalFloat4's sixteen values (QLoRA) are looked up a byte at a time: plane p holds byte p of each f32, -1 … 1, as
 * shaders/lib/weight-nf4.wgsl lists them.
 */
@inline
function normalFloats(q: v128, scale: v128, to: usize): void {
  const p0 = i8x16.swizzle(i64x2(<i64>0x00713f4da030b100, <i64>0x00b3abb83adde3ff), q);
  const p1 = i8x16.swizzle(i64x2(<i64>0x007835a2326b3900, <i64>0x001307a40304cafa), q);
  const p2 = i8x16.swizzle(i64x2(<i64>0x00ba3d91ca063280, <i64>0x803910e1ad7c24a2), q);
  const p3 = i8x16.swizzle(i64x2(<i64>0x00bdbebebebfbfbf, <i64>0x3f3f3f3e3e3e3e3d), q);
  const low0 = i8x16.shuffle(p0, p1, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const low1 = i8x16.shuffle(p0, p1, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  const high0 = i8x16.shuffle(p2, p3, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
  const high1 = i8x16.shuffle(p2, p3, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
  v128.store(to, f32x4.mul(scale, i16x8.shuffle(low0, high0, 0, 8, 1, 9, 2, 10, 3, 11)));
  v128.store(to, f32x4.mul(scale, i16x8.shuffle(low0, high0, 4, 12, 5, 13, 6, 14, 7, 15)), 16);
  v128.store(to, f32x4.mul(scale, i16x8.shuffle(low1, high1, 0, 8, 1, 9, 2, 10, 3, 11)), 32);
  v128.store(to, f32x4.mul(scale, i16x8.shuffle(low1, high1, 4, 12, 5, 13, 6, 14, 7, 15)), 48);
}

function nf4(block: usize, to: usize): void {
  const scale = f32x4.splat(load<f32>(block));
  for (let j: usize = 0; j < 32; j += 16, to += 64) {
    const bytes = v128.load(block + 4 + j);
    normalFloats(v128.and(bytes, i8x16.splat(15)), scale, to);
    normalFloats(i8x16.shr_u(bytes, 4), scale, to + 128);
  }
}
