/** What the base model makes of a few answers before any training: its loss on them, and how many it writes to the letter. */
import type { Dataset } from "@/data/dataset-types";
import type { BaseSample } from "@/data/gates/gate";
import { answerCases, casesOf } from "@/session/compare";
import type { OpenModel } from "@/session/open-model";
import { scoreEncoded } from "@/session/score";
import type { Recipe } from "@/train/recipe";

const ROWS = 16;

/** Of held-out rows that ask something; null where there is none. */
export async function baseSample(model: OpenModel, dataset: Dataset, recipe: Recipe): Promise<BaseSample | null> {
  if (!dataset.eval.some(({ promptIds }) => promptIds.length > 0)) return null;
  const cases = casesOf(dataset.eval, recipe).slice(0, ROWS);
  const scores = await scoreEncoded(model, undefined, cases);
  const answers = await answerCases(model, undefined, cases, recipe, "base", () => {});
  const sum = (pick: (score: (typeof scores)[number]) => number) => scores.reduce((total, one) => total + pick(one), 0);
  const exact = cases.filter(({ expected }, i) => answers[i]?.trim() === expected.trim()).length;
  return {
    rows: cases.length,
    nll:
      sum(({ nll }) => nll) /
      Math.max(
        1,
        sum(({ tokens }) => tokens),
      ),
    exact: exact / cases.length,
  };
}
