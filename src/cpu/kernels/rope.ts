// Rotary position embedding; see shaders/rope.wgsl. The table holds (cos, sin) pairs, so four of them come apart here.
import { at, claim, indexAt, integer, pointer } from "./context";

const ROWS: i32 = 4;

@inline
function head(x: usize, y: usize, turns: usize, half: i32, direction: f32): void {
  const up = at(half);
  let i = 0;
  for (; i + 4 <= half; i += 4, x += 16, y += 16, turns += 32) {
    const t0 = v128.load(turns), t1 = v128.load(turns, 16);
    const c = i32x4.shuffle(t0, t1, 0, 2, 4, 6);
    const s = f32x4.mul(f32x4.splat(direction), i32x4.shuffle(t0, t1, 1, 3, 5, 7));
    const low = v128.load(x), high = v128.load(x + up);
    v128.store(y, f32x4.sub(f32x4.mul(low, c), f32x4.mul(high, s)));
    v128.store(y + up, f32x4.add(f32x4.mul(high, c), f32x4.mul(low, s)));
  }
  for (; i < half; i++, x += 4, y += 4, turns += 8) {
    const c = load<f32>(turns), s = direction * load<f32>(turns, 4);
    const low = load<f32>(x), high = load<f32>(x + up);
    store<f32>(y, low * c - high * s);
    store<f32>(y + up, high * c + low * s);
  }
}

function rotate(call: usize, direction: f32): void {
  const x = pointer(call, 0), positions = pointer(call, 1), table = pointer(call, 2), y = pointer(call, 3);
  const rows = integer(call, 4), heads = integer(call, 5), dim = integer(call, 6);
  for (let task = claim(); task * ROWS < rows; task = claim()) {
    for (let row = task * ROWS, end = min(row + ROWS, rows); row < end; row++) {
      const turns = table + at(indexAt(positions, row, integer(call, 7) - 1) * dim);
      for (let i = 0; i < heads; i++) {
        const offset = at((row * heads + i) * dim);
        head(x + offset, y + offset, turns, dim >> 1, direction);
      }
    }
  }
}

/** x positions table y | rows HEADS HEAD_DIM rows-of-table */
export function forward(call: usize): void {
  rotate(call, 1);
}

/** x positions table y | rows HEADS HEAD_DIM rows-of-table */
export function backward(call: usize): void {
  rotate(call, -1);
}
