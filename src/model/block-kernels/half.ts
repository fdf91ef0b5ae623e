// IEEE binary16, rounding half to even.

/** f32 → bits of its f16. Beyond 65 504 it becomes infinity. */
export function half_of(value: f32): u16 {
  const word = reinterpret<u32>(value);
  const sign = (word >> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude >= 0x477ff000) return u16(sign | 0x7c00);
  if (magnitude >= 0x38800000) {
    return u16(sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >> 13) & 1)) >> 13));
  }
  if (magnitude <= 0x33000000) return u16(sign);
  const shift = 126 - (magnitude >> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const quotient = significand >> shift;
  const rest = significand & ((1 << shift) - 1);
  const middle: u32 = 1 << (shift - 1);
  const up: u32 = rest > middle || (rest == middle && (quotient & 1) == 1) ? 1 : 0;
  return u16(sign | (quotient + up));
}

/** Bits of an f16 → f32. */
export function from_half(bits: u16): f32 {
  const sign = (u32(bits) & 0x8000) << 16;
  const exponent = (u32(bits) >> 10) & 31;
  const fraction = u32(bits) & 0x3ff;
  if (exponent == 0) {
    const small = f32(fraction) * f32(5.9604644775390625e-8); // 2^-24
    return sign != 0 ? -small : small;
  }
  if (exponent == 31) return reinterpret<f32>(sign | 0x7f800000 | (fraction << 13));
  return reinterpret<f32>(sign | ((exponent + 112) << 23) | (fraction << 13));
}
