/** Both arms answer the same held-out cases, with the same seeds and the same limit; then they are graded in pairs. */
import type { EvalRow } from "@/data/dataset-types";
import { AppError } from "@/errors";
import type { Check } from "@/eval/graders";
import { compareArms, gradeCase } from "@/eval/report";
import { checkOf } from "@/eval/rewards";
import { answer, type LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import type { Recipe } from "@/train/recipe";
import type { CompareEvent, Comparison } from "@/worker/api";

/** Tokens beyond the longest expected answer: a longer one has failed an exact match already. */
const MARGIN = 8;

export type Arm = CompareEvent["arm"];

/** Held-out rows that ask something. Throws "dataset/empty" when there is none. */
export function casesOf(rows: readonly EvalRow[], recipe: Recipe): EvalRow[] {
  const cases = rows.filter(({ promptIds }) => promptIds.length > 0).slice(0, recipe.evaluate.cases);
  if (cases.length > 0) return cases;
  throw new AppError("dataset/empty", "There is no held-out case to answer.", {
    hint: "Give data with prompt and completion (or messages), and a held-out file or a holdout share above 0.",
  });
}

/** What was rewarded is also what is judged, by the first reward that is a check. */
function checkFor({ method, grpo }: Recipe, expected: string): Check {
  const exact: Check = { kind: "exact", expected };
  if (method !== "grpo") return exact;
  return grpo.rewards.map((spec) => checkOf(spec, expected)).find((check) => check !== null) ?? exact;
}

export async function answerCases(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  cases: readonly EvalRow[],
  recipe: Recipe,
  arm: Arm,
  onEvent: (event: CompareEvent) => void,
): Promise<string[]> {
  const longest = Math.max(...cases.map(({ expected }) => model.tokenizer.encode(expected).length));
  const answers = await answer(
    model,
    adapter,
    cases.map(({ promptIds }) => promptIds),
    {
      maxTokens:
        recipe.method === "grpo"
          ? recipe.grpo.maxCompletionLength
          : Math.min(recipe.evaluate.maxTokens, longest + MARGIN),
      temperature: 0,
      seed: recipe.seed,
      useAdapter: arm === "tuned",
      onDone: (done) => onEvent({ arm, done, total: cases.length }),
    },
  );
  return answers.map((ids) => model.tokenizer.decode(ids, { skipSpecial: true }));
}

export async function comparePairs(
  model: OpenModel,
  adapter: LoadedAdapter,
  rows: readonly EvalRow[],
  recipe: Recipe,
  onEvent: (event: CompareEvent) => void,
): Promise<Comparison> {
  const cases = casesOf(rows, recipe);
  const base = await answerCases(model, adapter, cases, recipe, "base", onEvent);
  const tuned = await answerCases(model, adapter, cases, recipe, "tuned", onEvent);
  return compareArms(
    cases.map(({ prompt, expected }, i) =>
      gradeCase({ prompt, expected, base: base[i] ?? "", tuned: tuned[i] ?? "" }, checkFor(recipe, expected)),
    ),
  );
}
