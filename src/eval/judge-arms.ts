/**
 * A model judges two arms' answers case by case, blind and in both orders. What it prefers is an opinion beside the pass
 * rate, never instead of it. Of the cases that it decides: Wilson's interval of the share that the second arm wins.
 */
import type { Interval } from "@/worker/api/comparison";
import { judgePairs, type PairVerdict } from "./assertions/pairwise";
import type { Provider } from "./provider";
import { MIN_CASES } from "./report";
import type { ArmAnswers } from "./run-arms";
import { wilson } from "./statistics";
import { questionText, type Suite } from "./suite";

export interface JudgedPair {
  readonly before: string;
  readonly after: string;
  readonly judge: string;
  readonly criteria: string;
  readonly wins: number;
  readonly losses: number;
  readonly ties: number;
  /** The judge said neither, or contradicted itself with a tie. */
  readonly unclear: number;
  readonly errors: number;
  /** Share of the clear pairs where it chose a place instead of an answer. */
  readonly placeBias: number | null;
  readonly interval: Interval;
  readonly verdict: "better" | "worse" | "inconclusive" | "too-few";
  readonly sentence: string;
}

export const CRITERIA =
  "Prefer the answer that is more correct; if both are, the one that is more useful to who asked.";

export async function judgeArms(
  suite: Suite,
  pairs: readonly (readonly [ArmAnswers, ArmAnswers])[],
  judge: Provider,
  criteria: string,
  options: { readonly seed: number; readonly signal?: AbortSignal },
): Promise<JudgedPair[]> {
  const found: JudgedPair[] = [];
  for (const [before, after] of pairs) {
    const asked = suite.cases.flatMap((one) => {
      const [a, b] = [before, after].map(({ answers }) => said(answers, one.id));
      if (a === undefined || b === undefined) return [];
      const wanted = one.prose?.length
        ? `${questionText(one)}\n\nA good answer: ${one.prose.join(" ")}`
        : questionText(one);
      return [{ question: wanted, a, b }];
    });
    const { verdicts, placeBias } = await judgePairs(judge, asked, criteria, options);
    found.push(summed(before.arm, after.arm, judge.name, criteria, verdicts, placeBias));
  }
  return found;
}

/** A case's first answer, if there is one. Repeats would count one opinion several times. */
function said(answers: ArmAnswers["answers"], id: string): string | undefined {
  const answer = answers.find(({ caseId, repeat }) => caseId === id && repeat === 0);
  return answer && answer.status !== "timeout" && answer.text.trim() !== "" ? answer.text : undefined;
}

function summed(
  before: string,
  after: string,
  judge: string,
  criteria: string,
  verdicts: readonly PairVerdict[],
  placeBias: number | null,
): JudgedPair {
  const count = (wanted: PairVerdict) => verdicts.filter((verdict) => verdict === wanted).length;
  const [losses, wins] = [count("a"), count("b")];
  const interval = wilson(wins, wins + losses);
  const few = wins + losses < MIN_CASES;
  const verdict = few ? "too-few" : interval.low > 0.5 ? "better" : interval.high < 0.5 ? "worse" : "inconclusive";
  const figures = { wins, losses, ties: count("tie"), unclear: count("unclear"), errors: count("error") };
  const words = {
    better: `${after} is preferred to ${before}`,
    worse: `${before} is preferred to ${after}`,
    inconclusive: `no clear preference between ${after} and ${before}`,
    "too-few": `too few decided pairs of ${after} and ${before} for a verdict`,
  };
  const bias = placeBias === null ? "" : `; by place in ${Math.round(100 * placeBias)} % of its clear pairs`;
  const sentence = `Judged by ${judge}, ${words[verdict]}: ${wins} wins, ${losses} losses, ${figures.ties} ties, ${figures.unclear} unclear, ${figures.errors} errors${bias}.`;
  return { before, after, judge, criteria, ...figures, placeBias, interval, verdict, sentence };
}
