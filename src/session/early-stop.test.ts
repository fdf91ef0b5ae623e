import { expect, it } from "vitest";
import { createJudge } from "@/session/early-stop";
import { parseRecipe } from "@/train/recipe";

const of = (patience: number) => createJudge(parseRecipe({ keep: { patience } }));
const loss = (evalLoss: number) => ({ evalLoss, passRate: null });

it("ends after as many evaluations without a better one as the recipe's patience", () => {
  const judge = of(2);
  expect([3, 2, 2.5, 1.9, 2, 2].map((value, i) => judge.hear(10 * i, loss(value)))).toEqual([
    null,
    null,
    null,
    null,
    null,
    "Stopped early: the last 2 evaluations were no better than that of step 30.",
  ]);
  expect(judge.measured(50)).toEqual(loss(2));
  expect(judge.measured(51)).toEqual({ evalLoss: null, passRate: null });
});

it("goes on for ever without patience", () => {
  const judge = of(0);
  for (let i = 0; i < 20; i++) expect(judge.hear(i, loss(i))).toBeNull();
});
