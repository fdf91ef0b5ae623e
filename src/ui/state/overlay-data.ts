/** Curves of several runs as aligned columns: all steps that any has, then a list per run. Pure. */
import type { RunRecord } from "@/runs/record";
import type { Column } from "@/ui/state/chart-data";
import { smooth, smoothingWeight, thin } from "@/ui/state/series";

const MOST_POINTS = 600;

/** Noisy curves are smoothed whole and thinned after; held-out ones have few points and stay as they are. */
export function overlayColumns(runs: readonly Pick<RunRecord, "series" | "recipe">[], curve: string): Column[] {
  const lines = runs.map(({ series, recipe }) => {
    const { steps = [], values = [] } = series[curve] ?? {};
    const plain = values.map((value) => value ?? Number.NaN);
    const soft = curve.startsWith("eval_") ? plain : smooth(plain, smoothingWeight(recipe.schedule.steps));
    return new Map(thin(soft, MOST_POINTS).map((i) => [steps[i] ?? 0, soft[i] ?? Number.NaN]));
  });
  const all = [...new Set(lines.flatMap((line) => [...line.keys()]))].sort((a, b) => a - b);
  const at = (line: ReadonlyMap<number, number>, step: number) => {
    const value = line.get(step);
    return value !== undefined && Number.isFinite(value) ? value : null;
  };
  return [all, ...lines.map((line) => all.map((step) => at(line, step)))];
}
