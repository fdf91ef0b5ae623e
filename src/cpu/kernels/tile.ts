// The matrix product in registers, under every matmul here: C[rows, columns] = (C +) A · B.
//
// A is read by rows, one value at a time to all lanes; B comes in panels of 8 columns, one step of k after the other:
// either packed, or straight from a row-major matrix. TILE rows times 8 columns stay in registers over the whole of k.
// Rows past the end repeat the last one, and write the same values to the same place: no remainder code.
import { at, scratch } from "./context";
import { madd } from "./vector";

export const TILE: i32 = 4;
export const PANEL: i32 = 8;
const STRETCH: i32 = 16;
const LINE: usize = 64;
/** The last words of the scratch. */
const SEEN: usize = (1 << 20) - 16;
/** Rows that take turns over all panels: their part of A stays in the second-level cache. */
const ROW_BLOCK: i32 = 64;

/** C = A · B for one block of 4 rows and 8 columns. Steps are bytes. */
function tile(
  a0: usize, a1: usize, a2: usize, a3: usize,
  b: usize, bStep: usize,
  c0: usize, c1: usize, c2: usize, c3: usize,
  k: i32, add: bool,
): void {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00;
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    b += bStep;
    const x0 = v128.load32_splat(a0), x1 = v128.load32_splat(a1), x2 = v128.load32_splat(a2), x3 = v128.load32_splat(a3);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
    s00 = madd(x0, b0, s00); s01 = madd(x0, b1, s01);
    s10 = madd(x1, b0, s10); s11 = madd(x1, b1, s11);
    s20 = madd(x2, b0, s20); s21 = madd(x2, b1, s21);
    s30 = madd(x3, b0, s30); s31 = madd(x3, b1, s31);
  }
  write(c0, c1, c2, c3, add, s00, s01, s10, s11, s20, s21, s30, s31);
}

/**
 * The same, and every STRETCH steps a line of `ahead` is read: what is needed next comes nearer meanwhile. Its bits are
 * returned, lest the reading be left out. Where nothing is to be read, the shorter loop of `tile` is 3 % faster.
 */
function tileAhead(
  a0: usize, a1: usize, a2: usize, a3: usize,
  b: usize, bStep: usize,
  c0: usize, c1: usize, c2: usize, c3: usize,
  k: i32, add: bool, ahead: usize,
): v128 {
  let s00 = f32x4.splat(0), s01 = s00, s10 = s00, s11 = s00, s20 = s00, s21 = s00, s30 = s00, s31 = s00, seen = s00;
  for (let left = k; left > 0; left -= STRETCH, ahead += LINE) {
    seen = v128.or(seen, v128.load(ahead));
    for (const stop = a0 + at(min(left, STRETCH)); a0 < stop; b += bStep) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      const x0 = v128.load32_splat(a0), x1 = v128.load32_splat(a1), x2 = v128.load32_splat(a2), x3 = v128.load32_splat(a3);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4;
      s00 = madd(x0, b0, s00); s01 = madd(x0, b1, s01);
      s10 = madd(x1, b0, s10); s11 = madd(x1, b1, s11);
      s20 = madd(x2, b0, s20); s21 = madd(x2, b1, s21);
      s30 = madd(x3, b0, s30); s31 = madd(x3, b1, s31);
    }
  }
  write(c0, c1, c2, c3, add, s00, s01, s10, s11, s20, s21, s30, s31);
  return seen;
}

/** All is read before any is written: rows may be the same. */
@inline
function write(
  c0: usize, c1: usize, c2: usize, c3: usize, add: bool,
  s00: v128, s01: v128, s10: v128, s11: v128, s20: v128, s21: v128, s30: v128, s31: v128,
): void {
  if (add) {
    s00 = f32x4.add(s00, v128.load(c0)); s01 = f32x4.add(s01, v128.load(c0, 16));
    s10 = f32x4.add(s10, v128.load(c1)); s11 = f32x4.add(s11, v128.load(c1, 16));
    s20 = f32x4.add(s20, v128.load(c2)); s21 = f32x4.add(s21, v128.load(c2, 16));
    s30 = f32x4.add(s30, v128.load(c3)); s31 = f32x4.add(s31, v128.load(c3, 16));
  }
  v128.store(c0, s00); v128.store(c0, s01, 16);
  v128.store(c1, s10); v128.store(c1, s11, 16);
  v128.store(c2, s20); v128.store(c2, s21, 16);
  v128.store(c3, s30); v128.store(c3, s31, 16);
}

/** The same for the last 4 columns. A branch inside `tile` would cost it registers, and half its speed. */
function narrowTile(
  a0: usize, a1: usize, a2: usize, a3: usize,
  b: usize, bStep: usize,
  c0: usize, c1: usize, c2: usize, c3: usize,
  k: i32, add: bool,
): void {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (let i = 0; i < k; i++) {
    const b0 = v128.load(b);
    b += bStep;
    s0 = madd(v128.load32_splat(a0), b0, s0);
    s1 = madd(v128.load32_splat(a1), b0, s1);
    s2 = madd(v128.load32_splat(a2), b0, s2);
    s3 = madd(v128.load32_splat(a3), b0, s3);
    a0 += 4; a1 += 4; a2 += 4; a3 += 4;
  }
  if (add) {
    s0 = f32x4.add(s0, v128.load(c0)); s1 = f32x4.add(s1, v128.load(c1));
    s2 = f32x4.add(s2, v128.load(c2)); s3 = f32x4.add(s3, v128.load(c3));
  }
  v128.store(c0, s0); v128.store(c1, s1); v128.store(c2, s2); v128.store(c3, s3);
}

/**
 * C = (C +) A · B.  A: [rows, k], C: [rows, columns], both with a row step in bytes; columns a multiple of 4.
 * Panel p of B starts at b + p · bPanel and goes on by bStep along k. `ahead`: 8 · k floats to be read on the way, or 0.
 */
export function product(
  a: usize, aRow: usize, rows: i32,
  b: usize, bStep: usize, bPanel: usize,
  c: usize, cRow: usize, columns: i32,
  k: i32, add: bool, ahead: usize = 0,
): void {
  const last = <usize>(rows - 1);
  let seen = f32x4.splat(0), near = ahead ? 8 : 0;
  for (let block = 0; block < rows; block += ROW_BLOCK) {
    const end = min(block + ROW_BLOCK, rows);
    let panel = b;
    for (let column = 0; column < columns; column += PANEL, panel += bPanel) {
      const target = c + at(column);
      const wide = column + PANEL <= columns;
      for (let row = block; row < end; row += TILE) {
        const r0 = <usize>row;
        const r1 = min(r0 + 1, last), r2 = min(r0 + 2, last), r3 = min(r0 + 3, last);
        const a0 = a + r0 * aRow, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
        const c0 = target + r0 * cRow, c1 = target + r1 * cRow, c2 = target + r2 * cRow, c3 = target + r3 * cRow;
        if (near > 0 && wide) {
          seen = v128.or(seen, tileAhead(a0, a1, a2, a3, panel, bStep, c0, c1, c2, c3, k, add, ahead));
          near--;
          ahead += at(k);
        } else if (wide) tile(a0, a1, a2, a3, panel, bStep, c0, c1, c2, c3, k, add);
        else narrowTile(a0, a1, a2, a3, panel, bStep, c0, c1, c2, c3, k, add);
      }
    }
  }
  v128.store(scratch + SEEN, seen);
}

@inline
function transpose4(r0: usize, r1: usize, r2: usize, r3: usize, to: usize, scale: v128): void {
  const a = v128.load(r0), b = v128.load(r1), c = v128.load(r2), d = v128.load(r3);
  const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5), ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
  const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5), cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
  v128.store(to, f32x4.mul(scale, i64x2.shuffle(ab0, cd0, 0, 2)));
  v128.store(to, f32x4.mul(scale, i64x2.shuffle(ab0, cd0, 1, 3)), 32);
  v128.store(to, f32x4.mul(scale, i64x2.shuffle(ab1, cd1, 0, 2)), 64);
  v128.store(to, f32x4.mul(scale, i64x2.shuffle(ab1, cd1, 1, 3)), 96);
}

/** One packed panel [k][8] whose columns are `rows` (at most 8, the last repeated) of a row-major matrix. k: multiple of 4. */
export function packRows(from: usize, rowStep: usize, rows: i32, k: i32, scale: f32, to: usize): void {
  const last = <usize>(rows - 1);
  let r0 = from, r1 = from + min<usize>(1, last) * rowStep, r2 = from + min<usize>(2, last) * rowStep;
  let r3 = from + min<usize>(3, last) * rowStep, r4 = from + min<usize>(4, last) * rowStep;
  let r5 = from + min<usize>(5, last) * rowStep, r6 = from + min<usize>(6, last) * rowStep;
  let r7 = from + min<usize>(7, last) * rowStep;
  const factor = f32x4.splat(scale);
  for (const end = r0 + at(k); r0 < end; to += 128) {
    transpose4(r0, r1, r2, r3, to, factor);
    transpose4(r4, r5, r6, r7, to + 16, factor);
    r0 += 16; r1 += 16; r2 += 16; r3 += 16; r4 += 16; r5 += 16; r6 += 16; r7 += 16;
  }
}

/** Spreads one row of `columns` values over panels: step `to` of each. `panelStep` is in bytes. */
@inline
export function packStep(from: usize, columns: i32, scale: v128, to: usize, panelStep: usize): void {
  let column = 0;
  for (; column + PANEL <= columns; column += PANEL, from += 32, to += panelStep) {
    v128.store(to, f32x4.mul(scale, v128.load(from)));
    v128.store(to, f32x4.mul(scale, v128.load(from, 16)), 16);
  }
  if (column < columns) v128.store(to, f32x4.mul(scale, v128.load(from)));
}
