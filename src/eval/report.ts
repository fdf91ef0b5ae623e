/**
 * Paired answers of the base and the tuned model → what may honestly be said of the difference.
 * The verdict is decided by Newcombe's interval alone; below 20 cases there is none, because no method has any power there.
 */
import type { ArmScore, ComparedCase, Comparison } from "@/worker/api/comparison";
import { type Check, grade } from "./graders";
import { mcnemarMidP, newcombePaired, wilson } from "./statistics";

/** Fewest cases for a verdict. */
export const MIN_CASES = 20;

/** One case, graded in both arms; `check` is "exact" unless given. */
export function gradeCase(
  answers: { readonly prompt: string; readonly expected: string; readonly base: string; readonly tuned: string },
  check: Check = { kind: "exact", expected: answers.expected },
): ComparedCase {
  const { prompt, expected, base, tuned } = answers;
  return { prompt, expected, base, tuned, basePassed: grade(base, check).pass, tunedPassed: grade(tuned, check).pass };
}

export function compareArms(cases: readonly ComparedCase[]): Comparison {
  const n = cases.length;
  const count = (base: boolean, tuned: boolean) =>
    cases.filter((one) => one.basePassed === base && one.tunedPassed === tuned).length;
  const counts = {
    both: count(true, true),
    fixed: count(false, true),
    broken: count(true, false),
    neither: count(false, false),
  };
  const differenceInterval = newcombePaired(counts);
  const figures = {
    n,
    base: scoreOf(counts.both + counts.broken, n),
    tuned: scoreOf(counts.both + counts.fixed, n),
    difference: n === 0 ? 0 : (counts.fixed - counts.broken) / n,
    differenceInterval,
    pValue: mcnemarMidP(counts.fixed, counts.broken),
    verdict: verdictOf(n, differenceInterval),
    fixed: counts.fixed,
    broken: counts.broken,
  };
  return { ...figures, sentence: sentenceOf(figures), cases: [...cases].sort((a, b) => rankOf(a) - rankOf(b)) };
}

function scoreOf(passed: number, n: number): ArmScore {
  return { passed, rate: n === 0 ? 0 : passed / n, interval: wilson(passed, n) };
}

function verdictOf(n: number, { low, high }: Comparison["differenceInterval"]): Comparison["verdict"] {
  if (n < MIN_CASES) return "too-few";
  if (low > 0) return "better";
  return high < 0 ? "worse" : "inconclusive";
}

function sentenceOf(figures: Omit<Comparison, "sentence" | "cases">): string {
  const { n, base, tuned, difference, differenceInterval, fixed, broken } = figures;
  const counts = `${tuned.passed} of ${n} right, ${base.passed} before (${fixed} fixed, ${broken} broken)`;
  const interval = `95 % interval ${points(differenceInterval.low)} to ${points(differenceInterval.high)}`;
  switch (figures.verdict) {
    case "too-few":
      return `Too few cases for a verdict: ${counts}; at least ${MIN_CASES} are needed.`;
    case "better":
      return `Better: ${counts}, a gain of ${points(difference)} points (${interval}).`;
    case "worse":
      return `Worse: ${counts}, a change of ${points(difference)} points (${interval}).`;
    case "inconclusive":
      return `Inconclusive: ${counts}; the difference of ${points(difference)} points could be chance (${interval}).`;
  }
}

function points(share: number): string {
  const rounded = Math.round(share * 100);
  if (rounded === 0) return "0";
  return rounded > 0 ? `+${rounded}` : `\u2212${-rounded}`;
}

/** What changed is what people want to read: fixed, broken, still wrong, right in both. */
function rankOf({ basePassed, tunedPassed }: ComparedCase): number {
  if (basePassed !== tunedPassed) return tunedPassed ? 0 : 1;
  return tunedPassed ? 3 : 2;
}
