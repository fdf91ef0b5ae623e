// Muon but for its products; see shaders/muon.wgsl.
import { at, claim, integer, pointer, real } from "./context";
import { LEARNING_RATE, MAX_NORM, WEIGHT_DECAY } from "./step";

const PIECE: i32 = 4096;

/** grad norm step m x | elements ROWS COLUMNS WIDE FLIPPED MOMENTUM. A task owns one row of x. */
export function momentum(call: usize): void {
  const count = integer(call, 5), rows = integer(call, 6), columns = integer(call, 7), wide = integer(call, 8);
  const flipped = integer(call, 9) == 1, keep = real(call, 10);
  const most = load<f32>(pointer(call, 2), MAX_NORM);
  const clip: f32 = most > 0 ? min<f32>(1, most / (load<f32>(pointer(call, 1)) + 1e-6)) : 1;
  const high = count / wide;
  const realHigh = flipped ? columns : rows, realWide = flipped ? rows : columns;
  for (let line = claim(); line < high; line = claim()) {
    const x = pointer(call, 4) + at(line * wide);
    for (let j = 0; j < wide; j++) {
      if (line >= realHigh || j >= realWide) {
        store<f32>(x + at(j), 0);
        continue;
      }
      const i = at(flipped ? j * columns + line : line * columns + j);
      const g = load<f32>(pointer(call, 0) + i) * clip, before = load<f32>(pointer(call, 3) + i);
      const moved = before + (1 - keep) * (g - before);
      store<f32>(pointer(call, 3) + i, moved);
      store<f32>(x + at(j), g + keep * (moved - g));
    }
  }
}

/** length y | elements */
export function normalise(call: usize): void {
  const count = integer(call, 2);
  const length = f32x4.splat(max<f32>(load<f32>(pointer(call, 0)), 1e-7));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let y = pointer(call, 1) + at(i);
    for (const end = y + at(min(PIECE, count - i)); y < end; y += 16) v128.store(y, f32x4.div(v128.load(y), length));
  }
}

/** a z | elements ALPHA BETA */
export function mix(call: usize): void {
  const count = integer(call, 2), alpha = f32x4.splat(real(call, 3)), beta = f32x4.splat(real(call, 4));
  for (let i = claim() * PIECE; i < count; i = claim() * PIECE) {
    let a = pointer(call, 0) + at(i), z = pointer(call, 1) + at(i);
    for (const end = z + at(min(PIECE, count - i)); z < end; a += 16, z += 16) {
      v128.store(z, f32x4.add(f32x4.mul(alpha, v128.load(a)), f32x4.mul(beta, v128.load(z))));
    }
  }
}

/** direction step param | ROWS COLUMNS WIDE FLIPPED SCALE DECAYS. A task owns one row of the matrix. */
export function update(call: usize): void {
  const rows = integer(call, 3), columns = integer(call, 4), wide = integer(call, 5), flipped = integer(call, 6) == 1;
  const rate = load<f32>(pointer(call, 1), LEARNING_RATE), learn = rate * real(call, 7);
  const keep: f32 = 1 - rate * load<f32>(pointer(call, 1), WEIGHT_DECAY) * real(call, 8);
  for (let row = claim(); row < rows; row = claim()) {
    const param = pointer(call, 2) + at(row * columns);
    for (let column = 0; column < columns; column++) {
      const move = load<f32>(pointer(call, 0) + at(flipped ? column * wide + row : row * wide + column));
      store<f32>(param + at(column), load<f32>(param + at(column)) * keep - learn * move);
    }
  }
}
