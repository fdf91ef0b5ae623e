// DoRA's magnitude, and the length of a weight's rows with a LoRA pair in them; see shaders/{dora,row-norm}.wgsl.
import { at, claim, integer, pointer, scratch } from "./context";
import { ADAPTER_SCALE } from "./step";
import { copy, madd, sum4 } from "./vector";
import { F32, dequantise } from "./weight";

const ROWS: i32 = 8;
/** Values of a row at a time: whole blocks of every format. */
const STRETCH: i32 = 256;

/** w a b step norm | rows WIDTH format RANK */
export function rowNorm(call: usize): void {
  const w = pointer(call, 0), rows = integer(call, 5), width = integer(call, 6), format = integer(call, 7), rank = integer(call, 8);
  const scale = load<f32>(pointer(call, 3), ADAPTER_SCALE);
  for (let task = claim(); task * ROWS < rows; task = claim()) {
    for (let row = task * ROWS, last = min(row + ROWS, rows); row < last; row++) {
      const b = pointer(call, 2) + at(row * rank);
      let total: f64 = 0;
      for (let column = 0; column < width; column += STRETCH) {
        const count = min(STRETCH, width - column), end = scratch + at(count);
        if (format == F32) copy(w + at(row * width + column), scratch, count);
        else dequantise(format, w, width, row, column, count, scratch);
        for (let r = 0; r < rank; r++) {
          const factor = f32x4.splat(scale * load<f32>(b + at(r)));
          let a = pointer(call, 1) + at(r * width + column);
          for (let to = scratch; to < end; to += 16, a += 16) v128.store(to, madd(factor, v128.load(a), v128.load(to)));
        }
        let sum = f32x4.splat(0);
        for (let from = scratch; from < end; from += 16) sum = madd(v128.load(from), v128.load(from), sum);
        total += <f64>sum4(sum);
      }
      store<f32>(pointer(call, 4) + at(row), <f32>sqrt(total));
    }
  }
}

@inline
function inverse(norm: usize): v128 {
  return f32x4.div(f32x4.splat(1), f32x4.max(v128.load(norm), f32x4.splat(1e-20)));
}

/** values m norm step out | elements WIDTH: out = values · m / norm. Forward and backward alike. */
export function scaled(call: usize): void {
  const width = integer(call, 6), rows = integer(call, 5) / width, on = load<f32>(pointer(call, 3), ADAPTER_SCALE) != 0;
  for (let row = claim(); row < rows; row = claim()) {
    let from = pointer(call, 0) + at(row * width), m = pointer(call, 1), norm = pointer(call, 2), to = pointer(call, 4) + at(row * width);
    if (!on) {
      copy(from, to, width);
      continue;
    }
    for (const end = from + at(width); from < end; from += 16, m += 16, norm += 16, to += 16) {
      v128.store(to, f32x4.mul(v128.load(from), f32x4.mul(v128.load(m), inverse(norm))));
    }
  }
}

/** u dy norm dm | elements WIDTH. A task sums 16 columns, a line of the cache, down all rows. */
export function gradient(call: usize): void {
  const width = integer(call, 5), rows = integer(call, 4) / width, step = at(width);
  for (let column = claim() << 4; column < width; column = claim() << 4) {
    for (let quad = column, end = min(column + 16, width); quad < end; quad += 4) {
      const dm = pointer(call, 3) + at(quad);
      let u = pointer(call, 0) + at(quad), dy = pointer(call, 1) + at(quad), sum = f32x4.splat(0);
      for (let row = 0; row < rows; row++, u += step, dy += step) sum = madd(v128.load(u), v128.load(dy), sum);
      v128.store(dm, madd(sum, inverse(pointer(call, 2) + at(quad)), v128.load(dm)));
    }
  }
}
