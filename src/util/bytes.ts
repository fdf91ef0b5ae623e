/**
 * Half-precision codecs over whole arrays: IEEE binary16 (f16) and bfloat16, rounding half to even as hardware does.
 *
 * Reading f16 goes through a table of all 65 536 values (built on first use), which is several times faster than
 * arithmetic per element; writing works on the bits, since JavaScript has no f16 type on every engine that we support.
 */

let halfTable: Float32Array | undefined;

/** f16 bit patterns → their values. */
export function f16ToF32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array<ArrayBuffer> {
  halfTable ??= buildHalfTable();
  const table = halfTable;
  for (let i = 0; i < bits.length; i++) out[i] = table[bits[i] as number] as number;
  return out as Float32Array<ArrayBuffer>;
}

/** bf16 bit patterns → their values. */
export function bf16ToF32(bits: Uint16Array, out = new Float32Array(bits.length)): Float32Array<ArrayBuffer> {
  const words = new Uint32Array(out.buffer, out.byteOffset, out.length);
  for (let i = 0; i < bits.length; i++) words[i] = (bits[i] as number) << 16;
  return out as Float32Array<ArrayBuffer>;
}

/** Values beyond 65 504 become infinities; subnormals are kept; NaN stays NaN. */
export function f32ToF16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) out[i] = halfOfWord(words[i] as number);
  return out;
}

export function f32ToBf16(values: Float32Array): Uint16Array<ArrayBuffer> {
  const words = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const out = new Uint16Array(values.length);
  for (let i = 0; i < words.length; i++) {
    const word = words[i] as number;
    const notANumber = (word & 0x7fffffff) > 0x7f800000;
    // Rounding could carry a NaN's last payload bits into infinity, so NaN is truncated and made quiet.
    out[i] = notANumber ? (word >>> 16) | 0x40 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return out;
}

function halfOfWord(word: number): number {
  const sign = (word >>> 16) & 0x8000;
  const magnitude = word & 0x7fffffff;
  if (magnitude > 0x7f800000) return sign | 0x7e00 | ((magnitude >>> 13) & 0x3ff);
  if (magnitude >= 0x477ff000) return sign | 0x7c00; // 65 520 and above round to infinity
  if (magnitude >= 0x38800000) {
    return sign | ((magnitude - 0x38000000 + 0xfff + ((magnitude >>> 13) & 1)) >>> 13);
  }
  if (magnitude <= 0x33000000) return sign; // up to 2^-25, which ties to zero
  const shift = 126 - (magnitude >>> 23);
  const significand = (magnitude & 0x7fffff) | 0x800000;
  const quotient = significand >>> shift;
  const rest = significand & ((1 << shift) - 1);
  const half = 1 << (shift - 1);
  const up = rest > half || (rest === half && (quotient & 1) === 1) ? 1 : 0;
  return sign | (quotient + up);
}

function buildHalfTable(): Float32Array {
  const table = new Float32Array(0x10000);
  for (let bits = 0; bits < 0x10000; bits++) {
    const sign = bits & 0x8000 ? -1 : 1;
    const exponent = (bits >>> 10) & 31;
    const fraction = bits & 0x3ff;
    if (exponent === 31) table[bits] = fraction ? Number.NaN : sign * Number.POSITIVE_INFINITY;
    else if (exponent === 0) table[bits] = sign * fraction * 2 ** -24;
    else table[bits] = sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  }
  return table;
}
