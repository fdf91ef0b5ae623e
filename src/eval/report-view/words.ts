/** Numbers and verdicts as people read them. Spaces before units do not break. */
import type { PairedComparison, Verdict } from "@/eval/paired";
import type { SuiteReport } from "@/eval/suite-report";

const NBSP = "\u00a0";

export const percent = (share: number): string => `${Math.round(100 * share)}${NBSP}%`;
export const count = (value: number): string => Math.round(value).toLocaleString("en-US");
export const orDash = <T>(value: T | null | undefined, say: (value: T) => string): string =>
  value === null || value === undefined ? "–" : say(value);

export function milliseconds(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)}${NBSP}ms` : `${(ms / 1000).toFixed(ms < 10_000 ? 1 : 0)}${NBSP}s`;
}

export function pText(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(p < 0.1 ? 3 : 2);
}

/** Three significant digits: a price per answer is a small number. */
export const money = (value: number): string => (value === 0 ? "0" : Number(value.toPrecision(3)).toString());

export const VERDICTS: Readonly<Record<Verdict, string>> = {
  better: "better",
  worse: "worse",
  inconclusive: "inconclusive",
  "too-few": "too few cases",
};

const HEADLINES: Readonly<Record<Verdict, (after: string) => string>> = {
  better: (after) => `${after} is better`,
  worse: (after) => `${after} is worse`,
  inconclusive: () => "Inconclusive",
  "too-few": () => "Too few cases to tell",
};

/** The few words above everything else. */
export function headlineOf({ stopped, comparisons, summaries }: SuiteReport): string {
  if (stopped) return "Stopped early: no verdict";
  const [only] = comparisons;
  if (!only) return summaries[0] ? `${percent(summaries[0].rate)} pass` : "Nothing was run";
  if (comparisons.length === 1) return HEADLINES[only.verdict](only.after);
  const kinds = new Set(comparisons.map(({ verdict }) => verdict));
  if (kinds.size === 1 && !kinds.has("better") && !kinds.has("worse")) return HEADLINES[only.verdict]("");
  return comparisons.map(({ after, verdict }: PairedComparison) => `${after}: ${VERDICTS[verdict]}`).join(" · ");
}
