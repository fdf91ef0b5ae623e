/** Whether two contenders computed the same, and the table of what they took. Pure. */

const TOLERANCE = 1e-3;

/** Largest relative distance of losses and norms; words must be equal. */
export function distance(a, b) {
  if (a.words || b.words) return JSON.stringify(a.words) === JSON.stringify(b.words) ? 0 : Number.POSITIVE_INFINITY;
  const pairs = [
    ...Object.keys(b.norms ?? {}).map((name) => [a.norms?.[name], b.norms[name]]),
    ...(b.losses ?? []).map((loss, i) => [a.losses?.[i], loss]),
  ];
  if (pairs.length === 0) return Number.POSITIVE_INFINITY;
  return Math.max(...pairs.map(([x, y]) => (x === undefined ? Number.POSITIVE_INFINITY : Math.abs(x - y) / Math.max(1e-12, Math.abs(y)))));
}

/** Best of the bests, median of the medians. */
export function summary(results) {
  const good = results.filter(({ error }) => !error);
  if (good.length === 0) return undefined;
  const medians = good.map(({ median }) => median).sort((a, b) => a - b);
  return { best: Math.min(...good.map(({ best }) => best)), median: medians[Math.floor(medians.length / 2)], result: good[0] };
}

/**
 * One task's rows: milliseconds, and how many times as long as ours of the same class it takes. The first contender is what
 * all others are checked against.
 */
export function tableRows(entries) {
  const summaries = entries.map((entry) => ({ ...entry, sum: summary(entry.results) }));
  const reference = summaries.find(({ sum }) => sum)?.sum.result;
  const ours = (which) => summaries.find((entry) => entry.ours && entry.class === which)?.sum;
  return summaries.map(({ key, ours: own, class: which, sum, results }) => {
    if (!sum) return { key, note: `failed: ${(results[0]?.error ?? "no turn").split("\n")[0]}` };
    const apart = distance(sum.result, reference);
    const held = own ? undefined : ours(which);
    const ratio = held && { best: sum.best / held.best, median: sum.median / held.median };
    return { key, best: sum.best, median: sum.median, apart, void: !(apart <= TOLERANCE), ratio };
  });
}
