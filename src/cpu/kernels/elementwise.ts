// Sums, SwiGLU and row copies: straight passes over memory, in pieces that fit the first-level cache.
// See shaders/{add,swiglu,embed,gather,cache}.wgsl.
import { at, claim, indexAt, integer, pointer, real } from "./context";
import { copy, expDown4, madd, zero } from "./vector";
import { F32, dequantise } from "./weight";

const PIECE: i32 = 4096;
const NONE: u32 = 0xffffffff;

/** a b y | elements */
export function add(call: usize): void {
  const count = integer(call, 3);
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let a = pointer(call, 0) + at(i), b = pointer(call, 1) + at(i), y = pointer(call, 2) + at(i);
    for (const end = a + at(min(PIECE, count - i)); a < end; a += 16, b += 16, y += 16) {
      v128.store(y, f32x4.add(v128.load(a), v128.load(b)));
    }
  }
}

/** x b y | elements WIDTH */
export function bias(call: usize): void {
  const width = integer(call, 4), rows = integer(call, 3) / width, share = max(1, PIECE / width);
  for (let task = claim(); task * share < rows; task = claim()) {
    for (let row = task * share, end = min(row + share, rows); row < end; row++) {
      let x = pointer(call, 0) + at(row * width), b = pointer(call, 1), y = pointer(call, 2) + at(row * width);
      for (const stop = x + at(width); x < stop; x += 16, b += 16, y += 16) {
        v128.store(y, f32x4.add(v128.load(x), v128.load(b)));
      }
    }
  }
}

/** dy db | elements WIDTH. A task sums 16 columns, a line of the cache, down all rows. */
export function biasGradient(call: usize): void {
  const width = integer(call, 3), rows = integer(call, 2) / width, step = at(width);
  for (let column = claim() << 4; column < width; column = claim() << 4) {
    for (let quad = column, end = min(column + 16, width); quad < end; quad += 4) {
      const db = pointer(call, 1) + at(quad);
      let dy = pointer(call, 0) + at(quad), sum = f32x4.splat(0);
      for (let row = 0; row < rows; row++, dy += step) sum = f32x4.add(sum, v128.load(dy));
      v128.store(db, f32x4.add(v128.load(db), sum));
    }
  }
}

/** 1 / (1 + exp(-z)), z = slope g + cubic g³, bounded, so that nothing overflows. */
@inline
function sigmoid(g: v128, slope: v128, cubic: v128): v128 {
  const one = f32x4.splat(1), z = f32x4.mul(g, madd(cubic, f32x4.mul(g, g), slope));
  return f32x4.div(one, f32x4.add(one, expDown4(f32x4.pmin(f32x4.splat(88), f32x4.neg(z)))));
}

/** gate up y | elements SLOPE CUBIC */
export function swiglu(call: usize): void {
  const count = integer(call, 3), slope = f32x4.splat(real(call, 4)), cubic = f32x4.splat(real(call, 5));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let gate = pointer(call, 0) + at(i), up = pointer(call, 1) + at(i), y = pointer(call, 2) + at(i);
    const end = gate + at(min(PIECE, count - i));
    // Two at a time: one's long chain of steps runs beside the other's.
    for (; gate + 32 <= end; gate += 32, up += 32, y += 32) {
      const g = v128.load(gate), next = v128.load(gate, 16);
      const s = sigmoid(g, slope, cubic), nextS = sigmoid(next, slope, cubic);
      v128.store(y, f32x4.mul(f32x4.mul(g, s), v128.load(up)));
      v128.store(y, f32x4.mul(f32x4.mul(next, nextS), v128.load(up, 16)), 16);
    }
    if (gate < end) {
      const g = v128.load(gate);
      v128.store(y, f32x4.mul(f32x4.mul(g, sigmoid(g, slope, cubic)), v128.load(up)));
    }
  }
}

/** gate up dy dgate dup | elements SLOPE CUBIC */
export function swigluBackward(call: usize): void {
  const count = integer(call, 5), one = f32x4.splat(1);
  const slope = f32x4.splat(real(call, 6)), cubic = f32x4.splat(real(call, 7)), thrice = f32x4.mul(f32x4.splat(3), cubic);
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let gate = pointer(call, 0) + at(i), up = pointer(call, 1) + at(i), dy = pointer(call, 2) + at(i);
    let dgate = pointer(call, 3) + at(i), dup = pointer(call, 4) + at(i);
    for (const end = gate + at(min(PIECE, count - i)); gate < end; gate += 16, up += 16, dy += 16, dgate += 16, dup += 16) {
      const g = v128.load(gate), d = v128.load(dy), s = sigmoid(g, slope, cubic);
      const inner = f32x4.mul(f32x4.mul(g, f32x4.sub(one, s)), madd(thrice, f32x4.mul(g, g), slope));
      v128.store(dgate, f32x4.mul(f32x4.mul(d, v128.load(up)), f32x4.mul(s, f32x4.add(one, inner))));
      v128.store(dup, f32x4.mul(d, f32x4.mul(g, s)));
    }
  }
}

/** tokens w y | rows WIDTH format V SCALE */
export function embed(call: usize): void {
  const tokens = pointer(call, 0), w = pointer(call, 1), y = pointer(call, 2);
  const rows = integer(call, 3), width = integer(call, 4), format = integer(call, 5), scale = f32x4.splat(real(call, 7));
  for (let row = claim(); row < rows; row = claim()) {
    const token = indexAt(tokens, row, integer(call, 6) - 1);
    let to = y + at(row * width);
    if (format == F32) copy(w + at(token * width), to, width);
    else dequantise(format, w, width, token, 0, width, to);
    for (const end = to + at(width); to < end; to += 16) v128.store(to, f32x4.mul(scale, v128.load(to)));
  }
}

/** tokens dy dw | rows WIDTH V SCALE. A task adds 16 columns of every row, in order, so nobody meets. */
export function embedBackward(call: usize): void {
  const rows = integer(call, 3), width = integer(call, 4), last = integer(call, 5) - 1, scale = f32x4.splat(real(call, 6));
  for (let column = claim() << 4; column < width; column = claim() << 4) {
    const end = at(min(16, width - column));
    for (let row = 0; row < rows; row++) {
      const dy = pointer(call, 1) + at(row * width + column);
      const dw = pointer(call, 2) + at(indexAt(pointer(call, 0), row, last) * width + column);
      for (let i: usize = 0; i < end; i += 16) v128.store(dw + i, madd(scale, v128.load(dy + i), v128.load(dw + i)));
    }
  }
}

/** span y | rows WINDOW: y = (max(first, last - WINDOW), last) */
export function window(call: usize): void {
  if (claim() != 0) return;
  const rows = integer(call, 2), size = <u32>integer(call, 3);
  for (let row = 0; row < rows; row++) {
    const span = pointer(call, 0) + ((<usize>row) << 3), y = pointer(call, 1) + ((<usize>row) << 3);
    const last = load<u32>(span, 4);
    store<u32>(y, max(load<u32>(span), last - min(last, size)));
    store<u32>(y, last, 4);
  }
}

/** x index y | rows WIDTH rows-of-x */
export function gather(call: usize): void {
  const x = pointer(call, 0), index = pointer(call, 1), y = pointer(call, 2);
  const rows = integer(call, 3), width = integer(call, 4), share = max(1, PIECE / width);
  for (let task = claim(); task * share < rows; task = claim()) {
    for (let row = task * share, end = min(row + share, rows); row < end; row++) {
      const from = load<u32>(index + at(row));
      if (from == NONE) zero(y + at(row * width), width);
      else copy(x + at(indexAt(index, row, integer(call, 5) - 1) * width), y + at(row * width), width);
    }
  }
}

/** x slots cache | rows WIDTH rows-of-cache */
export function cache(call: usize): void {
  const x = pointer(call, 0), slots = pointer(call, 1), target = pointer(call, 2);
  const rows = integer(call, 3), width = integer(call, 4), share = max(1, PIECE / width);
  for (let task = claim(); task * share < rows; task = claim()) {
    for (let row = task * share, end = min(row + share, rows); row < end; row++) {
      const slot = load<u32>(slots + at(row));
      if (slot < <u32>integer(call, 5)) copy(x + at(row * width), target + at(<i32>slot * width), width);
    }
  }
}
