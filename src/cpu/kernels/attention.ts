// Causal attention over a packed token axis; see shaders/attention.wgsl for the formulas and operands.
//
// A task is one key head and a tile of rows; the query heads that share the key head are further rows of the same
// tile, so that keys are packed once for the group. Keys pass by in tiles of 64: scores by one small matmul, softmax
// online, the weighted sum of values by another. Nothing larger than a tile of scores exists.
import { at, ceilDiv, claim, integer, pointer, real, scratch } from "./context";
import { PANEL, packRows, product } from "./tile";
import { copy, exp1, expDown4, log1, madd, max4, sum4, zero } from "./vector";

/** Rows of a tile (tokens × heads of a group) and keys of a tile. */
export const TILE_ROWS: i32 = 64;
export const TILE_KEYS: i32 = 64;
export const MOST_DIM: i32 = 256;

// Scratch: five tiles of [64, D] and two of scores [64, 64], then numbers per row.
const TILE_BYTES: usize = 64 * 256 * 4;
export const PACKED: usize = 0;
export const PACKED2: usize = TILE_BYTES;
export const LEFT: usize = 2 * TILE_BYTES;
export const LEFT2: usize = 3 * TILE_BYTES;
export const SUM: usize = 4 * TILE_BYTES;
export const SUM2: usize = 5 * TILE_BYTES;
export const SCORES: usize = 6 * TILE_BYTES;
export const SCORES2: usize = SCORES + 64 * 64 * 4;
export const ROW_A: usize = SCORES2 + 64 * 64 * 4;
export const ROW_B: usize = ROW_A + 256;
export const ROW_C: usize = ROW_B + 256;
export const ROW_D: usize = ROW_C + 256;

/** What a row sees: keys [firstKey, endKey). */
@inline
export function firstKey(span: usize, row: i32): i32 {
  return load<i32>(span + ((<usize>row) << 3));
}
@inline
export function endKey(span: usize, row: i32): i32 {
  return load<i32>(span + ((<usize>row) << 3), 4);
}

/** Tokens of one row tile. */
@inline
export function tokensOf(group: i32): i32 {
  return max(1, TILE_ROWS / group);
}

/**
 * How far tokens from `from` may share a tile: while they see keys in common, and together little more than one sees.
 * Padding, which sees one key each, may fill a panel.
 */
export function together(span: usize, from: i32, most: i32): i32 {
  let low = firstKey(span, from), high = endKey(span, from), longest = high - low;
  let to = from + 1;
  for (; to < most; to++) {
    const first = firstKey(span, to), end = endKey(span, to);
    const newLow = min(low, first), newHigh = max(high, end);
    if ((first >= high || end <= low) && newHigh - newLow > PANEL) break;
    if (newHigh - newLow > 2 * max(longest, end - first) + TILE_KEYS) break;
    low = newLow;
    high = newHigh;
    longest = max(longest, end - first);
  }
  return to;
}

/** Copies the group's heads of tokens [from, to) to consecutive rows of D values. */
export function gatherRows(q: usize, from: i32, to: i32, heads: i32, head: i32, group: i32, dim: i32, target: usize): void {
  for (let t = from; t < to; t++) {
    copy(q + at((t * heads + head) * dim), target, group * dim);
    target += at(group * dim);
  }
}

/** Panels of a tile of rows, transposed: [count / 8][dim][8]. */
export function packTile(from: usize, rowStep: usize, count: i32, dim: i32, to: usize): void {
  for (let i = 0; i < count; i += 8, from += rowStep << 3, to += at(dim) << 3) {
    packRows(from, rowStep, min(8, count - i), dim, 1, to);
  }
}

@inline
export function lanes(first: i32): v128 {
  return i32x4.add(i32x4.splat(first), i32x4(0, 1, 2, 3));
}

@inline
export function within(index: v128, low: i32, high: i32): v128 {
  return v128.and(i32x4.ge_s(index, i32x4.splat(low)), i32x4.lt_s(index, i32x4.splat(high)));
}

/** Scores of one row become exp(score - largest); the row's sum so far shrinks to the new largest. */
function softmaxRow(scores: usize, keys: i32, low: i32, high: i32, scale: f32, sums: usize, dim: i32, row: i32): void {
  const end = scores + at((keys + 3) & ~3);
  if (low >= high) {
    for (let p = scores; p < end; p += 16) v128.store(p, f32x4.splat(0));
    return;
  }
  // Most tiles lie below the diagonal and are seen whole.
  const whole = low == 0 && high == TILE_KEYS;
  let top = f32x4.splat(-3.0e38);
  if (whole) {
    let other = top;
    for (let p = scores; p < end; p += 32) {
      top = f32x4.pmax(top, v128.load(p));
      other = f32x4.pmax(other, v128.load(p, 16));
    }
    top = f32x4.pmax(top, other);
  } else {
    const none = top;
    let index = lanes(0);
    for (let p = scores; p < end; p += 16, index = i32x4.add(index, i32x4.splat(4))) {
      top = f32x4.pmax(top, v128.bitselect(v128.load(p), none, within(index, low, high)));
    }
  }
  const largestAt = scratch + ROW_A + at(row), totalAt = scratch + ROW_B + at(row);
  const before = load<f32>(largestAt), largest = max(before, scale * max4(top));
  const factor = f32x4.splat(scale), shift = f32x4.splat(-largest);
  let sum = f32x4.splat(0);
  if (whole) {
    let other = sum;
    for (let p = scores; p < end; p += 32) {
      const e0 = expDown4(madd(factor, v128.load(p), shift)), e1 = expDown4(madd(factor, v128.load(p, 16), shift));
      v128.store(p, e0);
      v128.store(p, e1, 16);
      sum = f32x4.add(sum, e0);
      other = f32x4.add(other, e1);
    }
    sum = f32x4.add(sum, other);
  } else {
    let index = lanes(0);
    for (let p = scores; p < end; p += 16, index = i32x4.add(index, i32x4.splat(4))) {
      const e = v128.and(expDown4(madd(factor, v128.load(p), shift)), within(index, low, high));
      v128.store(p, e);
      sum = f32x4.add(sum, e);
    }
  }
  let total = load<f32>(totalAt);
  if (largest > before) {
    const shrink = exp1(before - largest);
    total *= shrink;
    store<f32>(largestAt, largest);
    for (let p = sums, stop = sums + at(dim); p < stop; p += 16) {
      v128.store(p, f32x4.mul(v128.load(p), f32x4.splat(shrink)));
    }
  }
  store<f32>(totalAt, total + sum4(sum));
}

/** q k v span y lse | rows HEADS KV_HEADS HEAD_DIM SCALE */
export function forward(call: usize): void {
  const span = pointer(call, 3), rows = integer(call, 6), heads = integer(call, 7), kvHeads = integer(call, 8);
  const group = heads / kvHeads, tokens = tokensOf(group);
  const tiles = ceilDiv(rows, tokens), tasks = tiles * kvHeads;
  for (let task = claim(); task < tasks; task = claim()) {
    // Later tiles see more keys: they go first, so that the threads end together.
    const start = (tiles - 1 - task / kvHeads) * tokens, stop = min(start + tokens, rows);
    for (let from = start; from < stop; ) {
      const to = together(span, from, stop);
      forwardTile(call, task % kvHeads, from, to);
      from = to;
    }
  }
}

function forwardTile(call: usize, kvHead: i32, from: i32, to: i32): void {
  const span = pointer(call, 3), heads = integer(call, 7), kvHeads = integer(call, 8);
  const dim = integer(call, 9), scale = real(call, 10), group = heads / kvHeads, count = (to - from) * group;
  const head = kvHead * group, kvStep = at(kvHeads * dim);
  const k = pointer(call, 1) + at(kvHead * dim), v = pointer(call, 2) + at(kvHead * dim);
  const q = scratch + LEFT, sums = scratch + SUM, scores = scratch + SCORES;
  gatherRows(pointer(call, 0), from, to, heads, head, group, dim, q);
  zero(sums, count * dim);
  let low = i32.MAX_VALUE, high = 0;
  for (let t = from; t < to; t++) {
    low = min(low, firstKey(span, t));
    high = max(high, endKey(span, t));
  }
  for (let row = 0; row < count; row++) {
    store<f32>(scratch + ROW_A + at(row), -3.0e38);
    store<f32>(scratch + ROW_B + at(row), 0);
  }
  for (let j = low; j < high; j += TILE_KEYS) {
    const keys = min(TILE_KEYS, high - j), width = (keys + 3) & ~3;
    packTile(k + (<usize>j) * kvStep, kvStep, keys, dim, scratch + PACKED);
    product(q, at(dim), count, scratch + PACKED, 32, at(dim) << 3, scores, TILE_KEYS << 2, width, dim, false);
    for (let row = 0; row < count; row++) {
      const t = from + row / group;
      softmaxRow(
        scores + at(row * TILE_KEYS), keys,
        max(0, firstKey(span, t) - j), min(keys, endKey(span, t) - j), scale,
        sums + at(row * dim), dim, row,
      );
    }
    product(scores, TILE_KEYS << 2, count, v + (<usize>j) * kvStep, kvStep, 32, sums, at(dim), dim, keys, true);
  }
  for (let row = 0; row < count; row++) {
    const at0 = (from + row / group) * heads + head + (row % group);
    const total = load<f32>(scratch + ROW_B + at(row));
    // A row that sees nothing is padding: zeros are safer there than 0 / 0.
    const share = f32x4.splat(total > 0 ? 1 / total : 0);
    let y = pointer(call, 4) + at(at0 * dim), sum = sums + at(row * dim);
    for (const end = y + at(dim); y < end; y += 16, sum += 16) v128.store(y, f32x4.mul(v128.load(sum), share));
    store<f32>(pointer(call, 5) + at(at0), load<f32>(scratch + ROW_A + at(row)) + log1(total));
  }
}

/** out dy saved stats | rows HEADS HEAD_DIM. stats = (saved, Σ out · dy) */
export function delta(call: usize): void {
  const count = integer(call, 4) * integer(call, 5), dim = integer(call, 6), share = 64;
  for (let i = claim() * share; i < count; i = claim() * share) {
    for (let row = i, end = min(i + share, count); row < end; row++) {
      let y = pointer(call, 0) + at(row * dim), dy = pointer(call, 1) + at(row * dim), sum = f32x4.splat(0);
      for (const stop = y + at(dim); y < stop; y += 16, dy += 16) sum = madd(v128.load(y), v128.load(dy), sum);
      const stats = pointer(call, 3) + ((<usize>row) << 3);
      store<f32>(stats, load<f32>(pointer(call, 2) + at(row)));
      store<f32>(stats, sum4(sum), 4);
    }
  }
}
