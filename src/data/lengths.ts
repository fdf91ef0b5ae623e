/** How long the rows are in tokens, and the longest length that would cut no more than 1 % of them. */
import type { LengthReport } from "@/worker/api/data";

const BINS = 24;
/** The engine's grain. */
const GRAIN = 64;

/** `lengths` before any cut; `limit` is the recipe's. */
export function lengthReport(lengths: readonly number[], limit: number): LengthReport | null {
  if (lengths.length === 0) return null;
  const sorted = Int32Array.from(lengths).sort();
  /** Nearest rank. */
  const rank = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
  const longest = rank(1);
  // A few giants would squeeze all others into one bin, so the last bin holds whatever is longer.
  const end = Math.max(BINS, Math.min(longest, 2 * rank(0.99)));
  const width = Math.ceil((end + 1) / BINS);
  const bins = Array.from({ length: BINS }, (_, i) => ({ from: i * width, to: (i + 1) * width - 1, count: 0 }));
  for (const length of lengths) {
    const bin = bins[Math.min(BINS - 1, Math.floor(length / width))];
    if (bin) bin.count++;
  }
  const used = bins.slice(0, 1 + bins.findLastIndex(({ count }) => count > 0));
  const p99 = rank(0.99);
  return {
    bins: used.map((bin, i) => (i === BINS - 1 ? { ...bin, to: Math.max(bin.to, longest) } : bin)),
    ...{ p50: rank(0.5), p90: rank(0.9), p99, longest, limit },
    suggested: GRAIN * Math.ceil(p99 / GRAIN),
  };
}
