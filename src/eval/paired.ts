/**
 * Two arms on the same cases → what may be said of the difference. Pass or fail decides, by Newcombe's interval; answers that
 * could not be had are in neither arm's count, but in their own.
 */
import type { Interval } from "@/worker/api/comparison";
import { MIN_CASES } from "./report";
import type { Answer } from "./run-arms";
import { mcnemarMidP, newcombePaired, type PairedCounts } from "./statistics";
import { bcaInterval, mean, signFlipP, type WinLossTie, winLossTie } from "./statistics/bootstrap";
import { byCase, caseDifferences, effectiveCounts } from "./statistics/clusters";
import { casesToShow, chanceBetter } from "./statistics/power";

export type Verdict = "better" | "worse" | "inconclusive" | "too-few";

export interface PairedComparison {
  readonly before: string;
  readonly after: string;
  /** Cases and answers that both arms gave. */
  readonly cases: number;
  readonly pairs: number;
  /** Pairs left out because one side or the other has no answer. */
  readonly unanswered: number;
  /** Of answers; with repeats several to a case. */
  readonly counts: PairedCounts;
  readonly difference: number;
  readonly interval: Interval;
  readonly pValue: number;
  /** That more cases are truly fixed than broken. */
  readonly chanceBetter: number;
  readonly verdict: Verdict;
  /** Of inconclusive: cases that would show this difference with 80 % power; null: none, or more than 20,000. */
  readonly casesNeeded: number | null;
  /** Mean score, where scores are not just 0 and 1. */
  readonly score: {
    readonly difference: number;
    readonly interval: Interval;
    readonly pValue: number;
    readonly record: WinLossTie;
  } | null;
  readonly sentence: string;
}

/** What decides, declared before the run. */
export interface Decision {
  readonly metric: "pass rate" | "mean score";
  /** A share, 0 to 1: the interval must lie beyond it for a verdict. */
  readonly margin: number;
}

interface Side {
  readonly name: string;
  readonly answers: readonly Answer[];
}

const answered = ({ status }: Answer) => status !== "error" && status !== "timeout";

export function comparePair(
  before: Side,
  after: Side,
  seed = 1,
  decision: Decision = { metric: "pass rate", margin: 0 },
): PairedComparison {
  const { pairs, repeats, unanswered } = pairUp(before.answers, after.answers);
  const counts = { both: 0, fixed: 0, broken: 0, neither: 0 };
  for (const one of repeats) counts[one.before ? (one.after ? "both" : "broken") : one.after ? "fixed" : "neither"]++;
  const differences = caseDifferences(repeats);
  const cases = differences.length;
  const difference = cases === 0 ? 0 : mean(differences);
  const effective = effectiveCounts(repeats);
  const interval = newcombePaired(effective);
  const score = scoreOf(pairs, seed);
  const byScore = decision.metric === "mean score" && score !== null;
  const verdict = verdictOf(cases, byScore ? score.interval : interval, decision.margin);
  const figures = {
    ...{ before: before.name, after: after.name, cases, pairs: pairs.length, unanswered },
    ...{ counts, difference, interval, verdict },
    pValue: pairs.length === cases ? mcnemarMidP(counts.fixed, counts.broken) : signFlipP(differences, { seed }),
    chanceBetter: chanceBetter(effective),
    casesNeeded: verdict === "inconclusive" && !byScore ? needed(difference, effective) : null,
    score,
  };
  return { ...figures, sentence: sentenceOf(figures, decision.margin, byScore ? score : null) };
}

/** Answers to the same case and repeat; those that one side or the other does not have are counted apart. */
export function pairUp(before: readonly Answer[], after: readonly Answer[]) {
  const key = ({ caseId, repeat }: Answer) => JSON.stringify([caseId, repeat]);
  const others = new Map(after.map((answer) => [key(answer), answer]));
  const both = before.flatMap((a) => {
    const b = others.get(key(a));
    return b ? [{ a, b }] : [];
  });
  const pairs = both.filter(({ a, b }) => answered(a) && answered(b));
  const repeats = pairs.map(({ a, b }) => ({ caseId: a.caseId, before: a.pass, after: b.pass }));
  return { pairs, repeats, unanswered: both.length - pairs.length };
}

function needed(difference: number, { both, fixed, broken, neither }: PairedCounts): number | null {
  const n = both + fixed + broken + neither;
  return casesToShow(Math.abs(difference), Math.min(fixed, broken) / n);
}

function verdictOf(cases: number, { low, high }: Interval, margin: number): Verdict {
  if (cases < MIN_CASES) return "too-few";
  if (low > margin) return "better";
  return high < -margin ? "worse" : "inconclusive";
}

function scoreOf(pairs: readonly { a: Answer; b: Answer }[], seed: number): PairedComparison["score"] {
  if (pairs.every(({ a, b }) => Number.isInteger(a.score) && Number.isInteger(b.score))) return null;
  const groups = byCase(pairs.map(({ a, b }) => ({ caseId: a.caseId, difference: b.score - a.score })));
  const differences = [...groups.values()].map((group) => mean(group.map(({ difference }) => difference)));
  return {
    difference: mean(differences),
    interval: bcaInterval(differences, { seed }),
    pValue: signFlipP(differences, { seed }),
    record: winLossTie(differences),
  };
}

function sentenceOf(
  figures: Omit<PairedComparison, "sentence">,
  margin: number,
  score: PairedComparison["score"],
): string {
  const { before, after, cases, pairs, counts, unanswered, casesNeeded } = figures;
  const { difference, interval } = score ?? figures;
  const of = pairs === cases ? `${cases} cases` : `${cases} cases × ${Math.round(pairs / Math.max(1, cases))}`;
  const told = `${after} passes ${counts.both + counts.fixed} and ${before} ${counts.both + counts.broken} of ${pairs} answers (${of}; ${counts.fixed} fixed, ${counts.broken} broken)`;
  const range = `${points(difference)} points${score ? " of mean score" : ""}, 95 % interval ${points(interval.low)} to ${points(interval.high)}`;
  const rest =
    unanswered > 0
      ? ` ${unanswered === 1 ? "1 pair has no answer and is" : `${unanswered} pairs have no answer and are`} left out.`
      : "";
  const chance = `the chance that ${after} is better is ${Math.round(100 * figures.chanceBetter)} %`;
  switch (figures.verdict) {
    case "too-few":
      return `Too few cases for a verdict: ${told}; ${chance}; at least ${MIN_CASES} are needed.${rest}`;
    case "inconclusive": {
      const settle = casesNeeded === null ? "" : ` About ${casesNeeded} cases would settle a difference of this size.`;
      const why =
        margin === 0 || (interval.low <= 0 && interval.high >= 0)
          ? "so it could be chance"
          : `not beyond the ${Math.round(100 * margin)} points that were asked for`;
      return `Inconclusive: ${told}: ${range}, ${why}.${settle}${rest}`;
    }
    default:
      return `${figures.verdict === "better" ? "Better" : "Worse"}: ${told}: ${range}.${rest}`;
  }
}

export function points(share: number): string {
  const rounded = Math.round(share * 100);
  return rounded === 0 ? "0" : rounded > 0 ? `+${rounded}` : `\u2212${-rounded}`;
}
