// Gradients of attention by the same tiles as its forward; scores are made again from the saved log-sum-exp.
//
//   backward_q    dq = ds · k                  ds = SCALE p (dy·vᵀ - delta),  p = exp(SCALE q·kᵀ - lse)
//   backward_kv   dv = pᵀ · dy,  dk = dsᵀ · q   with scores transposed from the start: keys are the rows of the tile
import {
  LEFT, LEFT2, PACKED, PACKED2, ROW_A, ROW_B, ROW_C, ROW_D, SCORES, SCORES2, SUM, SUM2, TILE_KEYS,
  endKey, firstKey, gatherRows, lanes, packTile, together, tokensOf, within,
} from "./attention";
import { at, ceilDiv, claim, integer, pointer, real, scratch } from "./context";
import { product } from "./tile";
import { copy, expDown4, madd, zero } from "./vector";

/** q k v span dy row_stats dq | rows HEADS KV_HEADS HEAD_DIM SCALE */
export function backwardQ(call: usize): void {
  const span = pointer(call, 3), rows = integer(call, 7), heads = integer(call, 8), kvHeads = integer(call, 9);
  const group = heads / kvHeads, tokens = tokensOf(group);
  const tiles = ceilDiv(rows, tokens), tasks = tiles * kvHeads;
  for (let task = claim(); task < tasks; task = claim()) {
    const start = (tiles - 1 - task / kvHeads) * tokens, stop = min(start + tokens, rows);
    for (let from = start; from < stop; ) {
      const to = together(span, from, stop);
      queryTile(call, task % kvHeads, from, to);
      from = to;
    }
  }
}

function queryTile(call: usize, kvHead: i32, from: i32, to: i32): void {
  const span = pointer(call, 3), heads = integer(call, 8), kvHeads = integer(call, 9);
  const dim = integer(call, 10), scale = real(call, 11), group = heads / kvHeads, count = (to - from) * group;
  const head = kvHead * group, kvStep = at(kvHeads * dim);
  const k = pointer(call, 1) + at(kvHead * dim), v = pointer(call, 2) + at(kvHead * dim);
  const q = scratch + LEFT, dy = scratch + LEFT2, sums = scratch + SUM, scores = scratch + SCORES, dp = scratch + SCORES2;
  const factor = f32x4.splat(scale);
  gatherRows(pointer(call, 0), from, to, heads, head, group, dim, q);
  gatherRows(pointer(call, 4), from, to, heads, head, group, dim, dy);
  zero(sums, count * dim);
  let low = i32.MAX_VALUE, high = 0;
  for (let t = from; t < to; t++) {
    low = min(low, firstKey(span, t));
    high = max(high, endKey(span, t));
  }
  for (let j = low; j < high; j += TILE_KEYS) {
    const keys = min(TILE_KEYS, high - j), width = (keys + 3) & ~3, here = (<usize>j) * kvStep;
    packTile(k + here, kvStep, keys, dim, scratch + PACKED);
    packTile(v + here, kvStep, keys, dim, scratch + PACKED2);
    product(q, at(dim), count, scratch + PACKED, 32, at(dim) << 3, scores, TILE_KEYS << 2, width, dim, false);
    product(dy, at(dim), count, scratch + PACKED2, 32, at(dim) << 3, dp, TILE_KEYS << 2, width, dim, false);
    for (let row = 0; row < count; row++) {
      const t = from + row / group, stats = pointer(call, 5) + ((<usize>(t * heads + head + (row % group))) << 3);
      const lse = f32x4.splat(-load<f32>(stats)), delta = f32x4.splat(-scale * load<f32>(stats, 4));
      const first = max(0, firstKey(span, t) - j), end = min(keys, endKey(span, t) - j);
      let s = scores + at(row * TILE_KEYS), d = dp + at(row * TILE_KEYS);
      const stop = s + at(width);
      if (first == 0 && end == TILE_KEYS) {
        for (; s < stop; s += 32, d += 32) {
          const p0 = expDown4(madd(factor, v128.load(s), lse)), p1 = expDown4(madd(factor, v128.load(s, 16), lse));
          v128.store(s, f32x4.mul(p0, madd(factor, v128.load(d), delta)));
          v128.store(s, f32x4.mul(p1, madd(factor, v128.load(d, 16), delta)), 16);
        }
      } else {
        for (let index = lanes(0); s < stop; s += 16, d += 16, index = i32x4.add(index, i32x4.splat(4))) {
          const p = expDown4(madd(factor, v128.load(s), lse));
          v128.store(s, v128.and(f32x4.mul(p, madd(factor, v128.load(d), delta)), within(index, first, end)));
        }
      }
    }
    product(scores, TILE_KEYS << 2, count, k + here, kvStep, 32, sums, at(dim), dim, keys, true);
  }
  let sum = sums;
  for (let t = from; t < to; t++, sum += at(group * dim)) {
    copy(sum, pointer(call, 6) + at((t * heads + head) * dim), group * dim);
  }
}

/** Keys per task of backward_kv: small, so that the triangle splits evenly. */
const KEYS: i32 = 32;

/** q k v span dy row_stats dk dv | rows HEADS KV_HEADS HEAD_DIM SCALE */
export function backwardKv(call: usize): void {
  const rows = integer(call, 8), kvHeads = integer(call, 10);
  const tasks = ceilDiv(rows, KEYS) * kvHeads;
  for (let task = claim(); task < tasks; task = claim()) {
    const first = (task / kvHeads) * KEYS;
    keyTile(call, task % kvHeads, first, min(KEYS, rows - first));
  }
}

function keyTile(call: usize, kvHead: i32, first: i32, keys: i32): void {
  const span = pointer(call, 3), rows = integer(call, 8), heads = integer(call, 9), kvHeads = integer(call, 10);
  const dim = integer(call, 11), scale = real(call, 12), group = heads / kvHeads, head = kvHead * group;
  const tokens = tokensOf(group), kvStep = at(kvHeads * dim), here = at((first * kvHeads + kvHead) * dim);
  const q = scratch + LEFT, dy = scratch + LEFT2, sumK = scratch + SUM, sumV = scratch + SUM2;
  const scores = scratch + SCORES, dp = scratch + SCORES2, factor = f32x4.splat(scale), step: usize = TILE_KEYS << 2;
  zero(sumK, keys * dim);
  zero(sumV, keys * dim);
  // Starts never decrease along the axis: behind the first row that starts past these keys, none sees them.
  for (let from = first; from < rows && firstKey(span, from) < first + keys; from += tokens) {
    const to = min(from + tokens, rows), count = (to - from) * group, width = (count + 3) & ~3;
    gatherRows(pointer(call, 0), from, to, heads, head, group, dim, q);
    gatherRows(pointer(call, 4), from, to, heads, head, group, dim, dy);
    for (let row = 0; row < width; row++) {
      const t = from + row / group, stats = pointer(call, 5) + ((<usize>(t * heads + head + (row % group))) << 3);
      const real = row < count;
      store<f32>(scratch + ROW_A + at(row), real ? -load<f32>(stats) : 0);
      store<f32>(scratch + ROW_B + at(row), real ? -scale * load<f32>(stats, 4) : 0);
      store<i32>(scratch + ROW_C + at(row), real ? t : -1);
      store<i32>(scratch + ROW_D + at(row), real ? firstKey(span, t) : 0);
    }
    packTile(q, at(dim), count, dim, scratch + PACKED);
    packTile(dy, at(dim), count, dim, scratch + PACKED2);
    product(pointer(call, 1) + here, kvStep, keys, scratch + PACKED, 32, at(dim) << 3, scores, step, width, dim, false);
    product(pointer(call, 2) + here, kvStep, keys, scratch + PACKED2, 32, at(dim) << 3, dp, step, width, dim, false);
    // Most rows lie below the diagonal, and all of them see all of these keys.
    const whole = from >= first + keys - 1 && firstKey(span, to - 1) <= first && width == count;
    for (let i = 0; i < keys; i++) {
      const j = i32x4.splat(first + i);
      let s = scores + at(i * TILE_KEYS), d = dp + at(i * TILE_KEYS), row = scratch + ROW_A;
      const stop = row + at(width);
      if (whole) {
        for (; row < stop; row += 16, s += 16, d += 16) {
          const p = expDown4(madd(factor, v128.load(s), v128.load(row)));
          v128.store(s, p);
          v128.store(d, f32x4.mul(p, madd(factor, v128.load(d), v128.load(row, ROW_B - ROW_A))));
        }
      } else {
        for (; row < stop; row += 16, s += 16, d += 16) {
          const seen = v128.and(
            i32x4.ge_s(v128.load(row, ROW_C - ROW_A), j),
            i32x4.le_s(v128.load(row, ROW_D - ROW_A), j),
          );
          const p = v128.and(expDown4(madd(factor, v128.load(s), v128.load(row))), seen);
          v128.store(s, p);
          v128.store(d, f32x4.mul(p, madd(factor, v128.load(d), v128.load(row, ROW_B - ROW_A))));
        }
      }
    }
    product(scores, step, keys, dy, at(dim), 32, sumV, at(dim), dim, count, true);
    product(dp, step, keys, q, at(dim), 32, sumK, at(dim), dim, count, true);
  }
  for (let i = 0; i < keys; i++) {
    const to = here + (<usize>i) * kvStep;
    copy(sumK + at(i * dim), pointer(call, 6) + to, dim);
    copy(sumV + at(i * dim), pointer(call, 7) + to, dim);
  }
}
