// f32 → blocks. Small blocks as gguf-py's quants.py computes them, super-blocks as ggml's `quantize_row_*_ref`.
import { quantise_affine } from "./affine";
import { quantise_q6_k } from "./symmetric";
import { half_of } from "./half";

/** `type` is ggml's number. Reads blocks × (32 or 256) values at `x`. */
export function quantise(type: i32, x: usize, out: usize, blocks: i32): void {
  if (type == 8) q8_0(x, out, blocks);
  else if (type == 2) by_peak(x, out, blocks, 4);
  else if (type == 6) by_peak(x, out, blocks, 5);
  else if (type == 3) by_range(x, out, blocks, 4);
  else if (type == 7) by_range(x, out, blocks, 5);
  else if (type == 12) quantise_affine(x, out, blocks, 4);
  else if (type == 13) quantise_affine(x, out, blocks, 5);
  else if (type == 14) quantise_q6_k(x, out, blocks);
}

const codes = memory.data(32);

// d = max|x| / 127, q = round(x · 1/d), halves away from zero.
function q8_0(x: usize, out: usize, blocks: i32): void {
  for (let block = 0; block < blocks; block++, x += 128, out += 34) {
    let most: f32 = 0;
    for (let i: usize = 0; i < 32; i++) most = max(most, abs(load<f32>(x + i * 4)));
    const d = most / 127;
    const inverse: f32 = d == 0 ? 0 : 1 / d;
    store<u16>(out, half_of(d));
    for (let i: usize = 0; i < 32; i++) {
      const scaled = load<f32>(x + i * 4) * inverse;
      const rounded = floor(f64(abs(scaled)) + 0.5);
      store<i8>(out + 2 + i, i8(scaled < 0 ? -rounded : rounded));
    }
  }
}

// Q4_0 and Q5_0: d = peak / -2^(bits-1), where the peak is the value of largest magnitude, the first on ties.
function by_peak(x: usize, out: usize, blocks: i32, bits: i32): void {
  const middle = f32(1 << (bits - 1));
  const size: usize = bits == 4 ? 18 : 22;
  for (let block = 0; block < blocks; block++, x += 128, out += size) {
    let most: f32 = 0;
    let peak: f32 = 0;
    for (let i: usize = 0; i < 32; i++) {
      const value = load<f32>(x + i * 4);
      if (abs(value) > most) {
        most = abs(value);
        peak = value;
      }
    }
    const d = peak / -middle;
    const inverse: f32 = d == 0 ? 0 : 1 / d;
    store<u16>(out, half_of(d));
    for (let i: usize = 0; i < 32; i++) put_code(i, load<f32>(x + i * 4) * inverse + (middle + 0.5), bits);
    pack(out + 2, bits);
  }
}

// Q4_1 and Q5_1: d = (max - min) / (2^bits - 1).
function by_range(x: usize, out: usize, blocks: i32, bits: i32): void {
  const levels = f32((1 << bits) - 1);
  const size: usize = bits == 4 ? 20 : 24;
  for (let block = 0; block < blocks; block++, x += 128, out += size) {
    let low = load<f32>(x);
    let high = low;
    for (let i: usize = 1; i < 32; i++) {
      const value = load<f32>(x + i * 4);
      low = min(low, value);
      high = max(high, value);
    }
    const d = (high - low) / levels;
    const inverse: f32 = d == 0 ? 0 : 1 / d;
    store<u16>(out, half_of(d));
    store<u16>(out + 2, half_of(low));
    for (let i: usize = 0; i < 32; i++) put_code(i, (load<f32>(x + i * 4) - low) * inverse + 0.5, bits);
    pack(out + 4, bits);
  }
}

function put_code(i: usize, value: f32, bits: i32): void {
  store<u8>(codes + i, u8(min<i32>((1 << bits) - 1, i32(trunc(value)))));
}

// The fifth bits, where there are five, then nibbles: value j low, j + 16 high.
function pack(out: usize, bits: i32): void {
  if (bits == 5) {
    let high: u32 = 0;
    for (let i: usize = 0; i < 32; i++) high |= u32(load<u8>(codes + i) >> 4) << u32(i);
    store<u32>(out, high);
    out += 4;
  }
  for (let i: usize = 0; i < 16; i++) {
    store<u8>(out + i, (load<u8>(codes + i) & 15) | (load<u8>(codes + i + 16) << 4));
  }
}
