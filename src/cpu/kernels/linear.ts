// Projections by a frozen weight w[N, K] in any storage format; see shaders/linear.wgsl.
//
//   forward    y[T, N]  = x[T, K] · wᵀ  (+ scale · h[T, R] · b[N, R]ᵀ)
//   backward   dx[T, K] = dy[T, N] · w  (+ scale · dh[T, R] · a[R, K])
//
// A task makes some panels of 8 output columns: it turns its part of w into packed f32 panels, a slice of the inner
// dimension at a time, and multiplies all rows by them. Each weight is unpacked once per call, the panels never leave
// the second-level cache, and LoRA's term is one more slice. Tens of rows, as of sequences that are decoded together, take
// one panel at a time, and read the next one's weights from memory meanwhile. With few rows packing would cost more than
// it saves: forward then takes dot products along the rows of w.
import { at, ceilDiv, claim, integer, pointer, scratch, threads } from "./context";
import { ADAPTER_SCALE } from "./step";
import { PANEL, TILE, packRows, packStep, product } from "./tile";
import { madd, sum4 } from "./vector";
import { F32, blockOf, dequantise } from "./weight";

/** Below it, dot products along the rows of w beat packing, which costs as much as some rows of the product. */
const FEW_ROWS: i32 = 12;
/** Up to it, reading the weights takes as long as some rows of the product. */
const SOME_ROWS: i32 = 64;
/** Inner slices: a packed panel of 640 steps has 20 KB, the size of a first-level cache. */
const SLICE: i32 = 640;
const MOST_PANELS: i32 = 32;
/** A line of the cache is 16 floats. */
const LINE_PANELS: i32 = 2;
/** Scratch: packed panels, then unpacked rows. A slice has at most SLICE + 256 steps. */
const PANELS_BYTES: usize = 32 * 32 * 896;

/** Length of the slices of an inner dimension: even ones, at block boundaries. */
function sliceOf(length: i32, block: i32): i32 {
  const unit = max(block, 8);
  return ceilDiv(ceilDiv(length, ceilDiv(length, SLICE)), unit) * unit;
}

/**
 * Panels per task: about eight tasks a thread, in whole blocks of the format, and in whole lines of the cache: two threads
 * that write halves of the same lines take twice as long.
 */
function panelsOf(panels: i32, unit: i32): i32 {
  return min(ceilDiv(ceilDiv(panels, threads * 8), unit) * unit, MOST_PANELS);
}

/** Rows per task: all of them, unless there are too few columns to go round twice. */
function rowsOf(rows: i32, columnTasks: i32): i32 {
  const parts = min(ceilDiv(2 * threads, columnTasks), ceilDiv(rows, 4 * TILE));
  return ceilDiv(ceilDiv(rows, parts), TILE) * TILE;
}

/** x w y h b step | rows K N W_ROWS format RANK */
export function forward(call: usize): void {
  const x = pointer(call, 0), w = pointer(call, 1), y = pointer(call, 2), h = pointer(call, 3), b = pointer(call, 4);
  const rows = integer(call, 6), K = integer(call, 7), N = integer(call, 8), wRows = integer(call, 9);
  const format = integer(call, 10), rank = integer(call, 11);
  if (rows < FEW_ROWS) return few(call);
  const scale: f32 = h ? load<f32>(pointer(call, 5), ADAPTER_SCALE) : 0;
  const panels = ceilDiv(N, PANEL);
  const width = panelsOf(panels, LINE_PANELS);
  const columnTasks = ceilDiv(panels, width);
  const height = rowsOf(rows, columnTasks);
  const tasks = columnTasks * ceilDiv(rows, height);
  const slice = sliceOf(K, blockOf(format));
  const unpacked = scratch + PANELS_BYTES;
  for (let task = claim(); task < tasks; task = claim()) {
    const start = (task % columnTasks) * width * PANEL, stop = min(start + width * PANEL, N);
    const top = (task / columnTasks) * height, count = min(height, rows - top);
    const step = count <= SOME_ROWS ? PANEL : width * PANEL;
    for (let first = start; first < stop; first += step) {
      const columns = min(step, stop - first), target = y + at(top * N + first);
      const next = format == F32 && step == PANEL && first + 2 * PANEL <= wRows ? w + at((first + PANEL) * K) : 0;
      for (let k = 0; k < K; k += slice) {
        const length = min(slice, K - k);
        const panelBytes = (<usize>length) << 5;
        for (let column = 0, panel = scratch; column < columns; column += PANEL, panel += panelBytes) {
          const row = min(first + column, wRows - 1), real = min(PANEL, wRows - row);
          if (format == F32) packRows(w + at(row * K + k), at(K), real, length, 1, panel);
          else {
            for (let i = 0; i < real; i++) dequantise(format, w, K, row + i, k, length, unpacked + at(i * length));
            packRows(unpacked, at(length), real, length, 1, panel);
          }
        }
        const ahead = next ? next + (at(k) << 3) : 0;
        product(x + at(top * K + k), at(K), count, scratch, 32, panelBytes, target, at(N), columns, length, k > 0, ahead);
      }
      if (scale == 0) continue;
      const panelBytes = (<usize>rank) << 5;
      for (let column = 0, panel = scratch; column < columns; column += PANEL, panel += panelBytes) {
        const row = min(first + column, wRows - 1);
        packRows(b + at(row * rank), at(rank), min(PANEL, wRows - row), rank, scale, panel);
      }
      product(h + at(top * rank), at(rank), count, scratch, 32, panelBytes, target, at(N), columns, rank, true);
    }
  }
}

/** dy w dx dh a step | rows K N W_ROWS format RANK */
export function backward(call: usize): void {
  const dy = pointer(call, 0), w = pointer(call, 1), dx = pointer(call, 2), dh = pointer(call, 3), a = pointer(call, 4);
  const rows = integer(call, 6), K = integer(call, 7), N = integer(call, 8), wRows = integer(call, 9);
  const format = integer(call, 10), rank = integer(call, 11);
  const scale: f32 = dh ? load<f32>(pointer(call, 5), ADAPTER_SCALE) : 0;
  const panels = ceilDiv(K, PANEL);
  const width = panelsOf(panels, max(LINE_PANELS, blockOf(format) / PANEL));
  const columnTasks = ceilDiv(panels, width);
  const height = rowsOf(rows, columnTasks);
  const tasks = columnTasks * ceilDiv(rows, height);
  const slice = sliceOf(N, 1);
  const unpacked = scratch + PANELS_BYTES;
  const one = f32x4.splat(1), factor = f32x4.splat(scale);
  for (let task = claim(); task < tasks; task = claim()) {
    const first = (task % columnTasks) * width * PANEL, columns = min(width * PANEL, K - first);
    const top = (task / columnTasks) * height, count = min(height, rows - top);
    const target = dx + at(top * K + first);
    for (let n = 0; n < N; n += slice) {
      const length = min(slice, N - n);
      const panelBytes = (<usize>length) << 5;
      for (let i = 0; i < length; i++) {
        const row = min(n + i, wRows - 1);
        let from = unpacked;
        if (format == F32) from = w + at(row * K + first);
        else dequantise(format, w, K, row, first, columns, unpacked);
        packStep(from, columns, one, scratch + ((<usize>i) << 5), panelBytes);
      }
      product(dy + at(top * N + n), at(N), count, scratch, 32, panelBytes, target, at(K), columns, length, n > 0);
    }
    if (scale == 0) continue;
    const panelBytes = (<usize>rank) << 5;
    for (let r = 0; r < rank; r++) {
      packStep(a + at(r * K + first), columns, factor, scratch + ((<usize>r) << 5), panelBytes);
    }
    product(dh + at(top * rank), at(rank), count, scratch, 32, panelBytes, target, at(K), columns, rank, true);
  }
}

/**
 * Two rows of x by four rows of w: y = sums, or y += scale · sums. Both run along k in memory, so nothing is packed;
 * eight sums stay in registers, four partial ones each. k: multiple of 4.
 */
function dots(
  x0: usize, x1: usize, w0: usize, w1: usize, w2: usize, w3: usize,
  k: i32, scale: f32, add: bool, y0: usize, y1: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0, b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (let i = 0; i < k; i += 4) {
    const p = v128.load(x0), q = v128.load(x1);
    const r0 = v128.load(w0), r1 = v128.load(w1), r2 = v128.load(w2), r3 = v128.load(w3);
    x0 += 16; x1 += 16; w0 += 16; w1 += 16; w2 += 16; w3 += 16;
    a0 = madd(p, r0, a0); b0 = madd(q, r0, b0);
    a1 = madd(p, r1, a1); b1 = madd(q, r1, b1);
    a2 = madd(p, r2, a2); b2 = madd(q, r2, b2);
    a3 = madd(p, r3, a3); b3 = madd(q, r3, b3);
  }
  let first = f32x4(sum4(a0), sum4(a1), sum4(a2), sum4(a3)), second = f32x4(sum4(b0), sum4(b1), sum4(b2), sum4(b3));
  if (add) {
    first = madd(f32x4.splat(scale), first, v128.load(y0));
    second = madd(f32x4.splat(scale), second, v128.load(y1));
  }
  v128.store(y0, first);
  v128.store(y1, second);
}

/** The same for one row of x: the sums are taken in the same order. */
function oneDots(
  x: usize, w0: usize, w1: usize, w2: usize, w3: usize, k: i32, scale: f32, add: bool, y: usize,
): void {
  let a0 = f32x4.splat(0), a1 = a0, a2 = a0, a3 = a0;
  for (let i = 0; i < k; i += 4) {
    const p = v128.load(x);
    a0 = madd(p, v128.load(w0), a0); a1 = madd(p, v128.load(w1), a1);
    a2 = madd(p, v128.load(w2), a2); a3 = madd(p, v128.load(w3), a3);
    x += 16; w0 += 16; w1 += 16; w2 += 16; w3 += 16;
  }
  const sums = f32x4(sum4(a0), sum4(a1), sum4(a2), sum4(a3));
  v128.store(y, add ? madd(f32x4.splat(scale), sums, v128.load(y)) : sums);
}

/** `forward` for some rows: four rows of w at a time, each read and unpacked once. */
function few(call: usize): void {
  const x = pointer(call, 0), w = pointer(call, 1), y = pointer(call, 2), h = pointer(call, 3), b = pointer(call, 4);
  const rows = integer(call, 6), K = integer(call, 7), N = integer(call, 8), wRows = integer(call, 9);
  const format = integer(call, 10), rank = integer(call, 11);
  const scale: f32 = h ? load<f32>(pointer(call, 5), ADAPTER_SCALE) : 0;
  const width = min(64, ceilDiv(ceilDiv(N, threads * 4), 16) * 16);
  const tasks = ceilDiv(N, width);
  for (let task = claim(); task < tasks; task = claim()) {
    const end = min((task + 1) * width, N);
    for (let n = task * width; n < end; n += 4) {
      const last = wRows - 1 - n;
      const i1 = max(0, min(1, last)), i2 = max(0, min(2, last)), i3 = max(0, min(3, last));
      let from = w + at(n * K);
      if (format != F32) {
        for (let i = 0; i <= i3; i++) dequantise(format, w, K, n + i, 0, K, scratch + at(i * K));
        from = scratch;
      }
      const w1 = from + at(i1 * K), w2 = from + at(i2 * K), w3 = from + at(i3 * K);
      const c0 = b + at(n * rank), c1 = c0 + at(i1 * rank), c2 = c0 + at(i2 * rank), c3 = c0 + at(i3 * rank);
      for (let row = 0; row + 1 < rows; row += 2) {
        const y0 = y + at(row * N + n), y1 = y0 + at(N);
        dots(x + at(row * K), x + at(row * K + K), from, w1, w2, w3, K, 1, false, y0, y1);
        if (scale == 0) continue;
        dots(h + at(row * rank), h + at(row * rank + rank), c0, c1, c2, c3, rank, scale, true, y0, y1);
      }
      if (rows & 1) {
        const row = rows - 1, y0 = y + at(row * N + n);
        oneDots(x + at(row * K), from, w1, w2, w3, K, 1, false, y0);
        if (scale != 0) oneDots(h + at(row * rank), c0, c1, c2, c3, rank, scale, true, y0);
      }
    }
  }
}
