// Four floats at a time: multiply-add, sums, exp and log.
//
// log is the polynomial of Cephes' logf (Moshier), exp a polynomial of degree 6 fitted by Remez' exchange with its first
// two terms fixed; relative errors are near 1e-7. The build with relaxed SIMD fuses multiply and add where the processor
// can; results then differ in the last bit.

@inline
export function madd(a: v128, b: v128, c: v128): v128 {
  return ASC_FEATURE_RELAXED_SIMD ? f32x4.relaxed_madd(a, b, c) : f32x4.add(f32x4.mul(a, b), c);
}

@inline
export function sum4(v: v128): f32 {
  return (
    f32x4.extract_lane(v, 0) + f32x4.extract_lane(v, 1) + (f32x4.extract_lane(v, 2) + f32x4.extract_lane(v, 3))
  );
}

@inline
export function max4(v: v128): f32 {
  return max(
    max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1)),
    max(f32x4.extract_lane(v, 2), f32x4.extract_lane(v, 3)),
  );
}

const LEAST: f32 = -87.3;

/** e^x = 2^n e^r with |r| <= ln 2 / 2, for x up to 88.3; below -87.3 it stays at the smallest normal numbers. */
@inline
export function expDown4(x: v128): v128 {
  const bounded = f32x4.pmax(f32x4.splat(LEAST), x);
  // 1.5 · 2^23 leaves no bits for fractions, so that the sum is rounded and its low bits are n.
  const magic = f32x4.splat(12582912), shifted = madd(bounded, f32x4.splat(1.44269504), magic);
  const n = f32x4.sub(shifted, magic);
  // ln 2 in two parts, so that n ln 2 is subtracted without rounding.
  const r = madd(n, f32x4.splat(2.12194440e-4), madd(n, f32x4.splat(-0.693359375), bounded));
  let p = madd(f32x4.splat(1.38144672e-3), r, f32x4.splat(8.36878084e-3));
  p = madd(p, r, f32x4.splat(4.16683927e-2));
  p = madd(p, r, f32x4.splat(1.66665196e-1));
  p = madd(p, r, f32x4.splat(4.9999994e-1));
  p = madd(p, r, f32x4.splat(1));
  p = madd(p, r, f32x4.splat(1));
  // n goes straight into the exponent's place.
  return i32x4.add(p, i32x4.shl(shifted, 23));
}

/** e^x: 0 below -87.3, largest at 88.3. */
@inline
export function exp4(x: v128): v128 {
  return v128.and(expDown4(f32x4.pmin(f32x4.splat(88.3), x)), f32x4.ge(x, f32x4.splat(LEAST)));
}

@inline
export function exp1(x: f32): f32 {
  return f32x4.extract_lane(exp4(f32x4.splat(x)), 0);
}

/** log of positive normal numbers: exponent and a mantissa in [√½, √2). */
@inline
export function log4(x: v128): v128 {
  let e = f32x4.convert_i32x4_s(i32x4.sub(i32x4.shr_u(x, 23), i32x4.splat(126)));
  let m = v128.or(v128.and(x, i32x4.splat(0x007fffff)), f32x4.splat(0.5));
  const small = f32x4.lt(m, f32x4.splat(0.707106781));
  e = f32x4.sub(e, v128.and(f32x4.splat(1), small));
  m = f32x4.sub(f32x4.add(m, v128.and(m, small)), f32x4.splat(1));
  const z = f32x4.mul(m, m);
  let p = madd(f32x4.splat(7.0376836e-2), m, f32x4.splat(-1.1514610e-1));
  p = madd(p, m, f32x4.splat(1.1676998e-1));
  p = madd(p, m, f32x4.splat(-1.2420141e-1));
  p = madd(p, m, f32x4.splat(1.4249323e-1));
  p = madd(p, m, f32x4.splat(-1.6668057e-1));
  p = madd(p, m, f32x4.splat(2.0000714e-1));
  p = madd(p, m, f32x4.splat(-2.4999994e-1));
  p = madd(p, m, f32x4.splat(3.3333331e-1));
  let y = f32x4.mul(f32x4.mul(p, m), z);
  y = madd(e, f32x4.splat(-2.12194440e-4), y);
  y = madd(z, f32x4.splat(-0.5), y);
  return madd(e, f32x4.splat(0.693359375), f32x4.add(m, y));
}

@inline
export function log1(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** Copies `count` floats, a multiple of 4. */
@inline
export function copy(from: usize, to: usize, count: i32): void {
  for (const end = from + ((<usize>count) << 2); from < end; from += 16, to += 16) v128.store(to, v128.load(from));
}

@inline
export function zero(to: usize, count: i32): void {
  for (const end = to + ((<usize>count) << 2); to < end; to += 16) v128.store(to, f32x4.splat(0));
}
