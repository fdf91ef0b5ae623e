import { expect, it } from "vitest";
import { parseRecipe } from "@/train/recipe";
import { overlayColumns } from "@/ui/state/overlay-data";

it("aligns curves of different lengths and leaves gaps where a run has no point", () => {
  const run = (steps: number[], values: (number | null)[]) => ({
    recipe: parseRecipe({}),
    series: { eval_loss: { steps, values } },
  });
  expect(overlayColumns([run([1, 3], [3, 1]), run([2, 3, 4], [5, null, 2])], "eval_loss")).toEqual([
    [1, 2, 3, 4],
    [3, null, 1, null],
    [null, 5, null, 2],
  ]);
  expect(overlayColumns([run([], [])], "loss")).toEqual([[], []]);
});
