/**
 * What a chart does to a series before drawing it: smooth, then thin out. Pure.
 * The order is fixed: smoothing after thinning gives a different curve for the same run.
 */
export interface Point {
  readonly step: number;
  readonly value: number;
}

/** Exponential mean with the start-up bias removed: s = (w·s + (1-w)·x) / (1 - wⁿ). Gaps (NaN) are carried over. */
export function smooth(values: readonly number[], weight: number): number[] {
  let mean = 0;
  let seen = 0;
  return values.map((value) => {
    if (Number.isFinite(value)) {
      mean = weight * mean + (1 - weight) * value;
      seen += 1;
    }
    return seen === 0 ? Number.NaN : mean / (1 - weight ** seen);
  });
}

/** A weight that averages over about a thirtieth of the run, between 2 and 40 steps. */
export function smoothingWeight(total: number): number {
  const window = Math.min(40, Math.max(2, total / 30));
  return 1 - 1 / window;
}

/** Indices to keep so that at most `most` remain, always with the first, the last and each piece's extremes. */
export function thin(values: readonly number[], most: number): number[] {
  if (values.length <= most) return values.map((_, index) => index);
  const pieces = Math.max(1, Math.floor((most - 2) / 2));
  const kept = new Set([0, values.length - 1]);
  for (let piece = 0; piece < pieces; piece++) {
    const from = Math.floor((piece * values.length) / pieces);
    const to = Math.floor(((piece + 1) * values.length) / pieces);
    kept.add(indexOfExtreme(values, from, to, 1));
    kept.add(indexOfExtreme(values, from, to, -1));
  }
  return [...kept].sort((a, b) => a - b);
}

function indexOfExtreme(values: readonly number[], from: number, to: number, sign: 1 | -1): number {
  let best = from;
  for (let index = from; index < to; index++) {
    if (sign * (values[index] ?? 0) > sign * (values[best] ?? 0)) best = index;
  }
  return best;
}

/** "fell from 3.10 to 1.20": the sentence that stands for a curve. */
export function describeCurve(values: readonly number[], write: (value: number) => string): string {
  const finite = values.filter(Number.isFinite);
  const first = finite[0];
  const last = finite.at(-1);
  if (first === undefined || last === undefined) return "no values yet";
  if (finite.length === 1) return `is ${write(first)}`;
  const change = (last - first) / Math.max(Math.abs(first), 1e-12);
  const verb = change < -0.02 ? "fell" : change > 0.02 ? "rose" : "stayed level";
  return `${verb} from ${write(first)} to ${write(last)}`;
}
