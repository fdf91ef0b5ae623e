/** Both arms answer the same held-out cases, with the same seeds and the same limit; then they are graded in pairs. */
import type { EvalRow } from "@/data/dataset-types";
import { AppError } from "@/errors";
import { grade } from "@/eval/graders";
import { compareArms } from "@/eval/report";
import { checkOf, type RewardRunner } from "@/eval/rewards";
import { answer, type LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import type { Recipe } from "@/train/recipe";
import type { CompareEvent, Comparison } from "@/worker/api/comparison";

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

/** A reward that is code counts as a right answer from here up. */
const FULL_REWARD = 1;

/** What was rewarded is also what is judged, by the first reward that can: a check, or someone's code. */
async function passes(
  cases: readonly EvalRow[],
  answers: readonly string[],
  { method, grpo }: Recipe,
  runCode: RewardRunner,
): Promise<boolean[]> {
  const judges = method === "grpo" ? grpo.rewards : [];
  const spec = judges.find((one) => one.code !== undefined || checkOf(one, "") !== null);
  if (spec?.name === "python" || spec?.name === "javascript") {
    const inputs = cases.map(({ prompt, expected }, i) => ({
      ...{ prompt, expected, completion: answers[i] ?? "", tokens: 0, maxTokens: 1 },
    }));
    const given = await runCode(spec.name, spec.code ?? "", inputs);
    const [first] = given;
    if (typeof first === "string" && given.every((value) => typeof value === "string")) {
      throw new AppError("run/reward", `The reward "${spec.name}" could not judge the answers: ${first}`, {
        hint: "Correct the reward's code, then compare again.",
      });
    }
    return given.map((value) => typeof value === "number" && value >= FULL_REWARD);
  }
  return cases.map(({ expected }, i) => {
    const check = spec ? checkOf(spec, expected) : null;
    return grade(answers[i] ?? "", check ?? { kind: "exact", expected }).pass;
  });
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
  runCode: RewardRunner,
  onEvent: (event: CompareEvent) => void,
): Promise<Comparison> {
  const cases = casesOf(rows, recipe);
  const base = await answerCases(model, adapter, cases, recipe, "base", onEvent);
  const tuned = await answerCases(model, adapter, cases, recipe, "tuned", onEvent);
  const basePasses = await passes(cases, base, recipe, runCode);
  const tunedPasses = await passes(cases, tuned, recipe, runCode);
  return compareArms(
    cases.map(({ prompt, expected }, i) => ({
      ...{ prompt, expected, base: base[i] ?? "", tuned: tuned[i] ?? "" },
      ...{ basePassed: basePasses[i] === true, tunedPassed: tunedPasses[i] === true },
    })),
  );
}
