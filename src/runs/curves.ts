/** Curves of a run: adding a point, cutting off what a resumed run does again, and thinning for a small picture. */
import type { RunRecord, Series } from "@/runs/record";

type Curves = RunRecord["series"];

export function addPoint(curves: Curves, name: string, step: number, value: number): void {
  let series = curves[name];
  if (!series) {
    series = { steps: [], values: [] };
    curves[name] = series;
  }
  series.steps.push(step);
  // JSON has no NaN; a gap is drawn as one.
  series.values.push(Number.isFinite(value) ? value : null);
}

/** What lies behind `step` is forgotten: a resumed run computes it again. */
export function cutCurves(curves: Curves, step: number): Curves {
  return Object.fromEntries(
    Object.entries(curves).map(([name, { steps, values }]) => {
      const end = steps.findIndex((at) => at > step);
      return [name, end < 0 ? { steps, values } : { steps: steps.slice(0, end), values: values.slice(0, end) }];
    }),
  );
}

/** At most `points` values: the mean of each stretch, so that a noisy curve keeps its level. */
export function thin({ values }: Series, points: number): number[] {
  const known = values.filter((value) => value !== null);
  if (known.length <= points) return known;
  return Array.from({ length: points }, (_, i) => {
    const from = Math.floor((i * known.length) / points);
    const part = known.slice(from, Math.max(from + 1, Math.floor(((i + 1) * known.length) / points)));
    return part.reduce((a, b) => a + b, 0) / part.length;
  });
}

export function lastValue(series: Series | undefined): number | null {
  return series?.values.at(-1) ?? null;
}
