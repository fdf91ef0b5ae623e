/**
 * Repeats of one case are no new cases: they share its difficulty (Miller, arXiv 2411.00640). The four cells are averaged
 * within each case; how many independent cases the whole is worth follows from how much the cases' mean differences vary:
 * effective n = variance of one answer's difference / variance of the mean difference, from the number of cases to that of
 * answers.
 */
import type { PairedCounts } from "../statistics";

export interface PairedRepeat {
  readonly caseId: string;
  readonly before: boolean;
  readonly after: boolean;
}

export function byCase<T extends { readonly caseId: string }>(items: readonly T[]): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(item.caseId);
    if (group) group.push(item);
    else groups.set(item.caseId, [item]);
  }
  return groups;
}

/** Per case, mean of after minus before: -1 to 1. */
export function caseDifferences(repeats: readonly PairedRepeat[]): number[] {
  return [...byCase(repeats).values()].map(
    (group) => group.reduce((sum, { before, after }) => sum + Number(after) - Number(before), 0) / group.length,
  );
}

/** Cells that sum to the effective number of cases; whole numbers when each case was asked once. */
export function effectiveCounts(repeats: readonly PairedRepeat[]): PairedCounts {
  const groups = [...byCase(repeats).values()];
  const cases = groups.length;
  const cells = { both: 0, fixed: 0, broken: 0, neither: 0 };
  for (const group of groups) {
    for (const { before, after } of group) {
      cells[before ? (after ? "both" : "broken") : after ? "fixed" : "neither"] += 1 / group.length;
    }
  }
  if (repeats.length === cases) return round(cells);
  const means = caseDifferences(repeats);
  const centre = means.reduce((a, b) => a + b, 0) / cases;
  const between = means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / Math.max(1, cases - 1);
  const single = (cells.fixed + cells.broken) / cases - centre ** 2;
  const worth = between > 0 && single > 0 ? (single * cases) / between : cases;
  const scale = Math.min(repeats.length, Math.max(cases, worth)) / cases;
  const { both, fixed, broken, neither } = cells;
  return { both: both * scale, fixed: fixed * scale, broken: broken * scale, neither: neither * scale };
}

function round({ both, fixed, broken, neither }: PairedCounts): PairedCounts {
  return {
    both: Math.round(both),
    fixed: Math.round(fixed),
    broken: Math.round(broken),
    neither: Math.round(neither),
  };
}
