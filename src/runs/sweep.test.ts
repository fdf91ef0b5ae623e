import { describe, expect, it } from "vitest";
import { rungsOf, SweepPlan, survivors, trialsOf } from "@/runs/sweep";
import { parseRecipe } from "@/train/recipe";

const recipe = parseRecipe({});
const plan = (grid: Record<string, unknown[]>, strategy: "grid" | "halving" = "grid") =>
  SweepPlan.parse({ grid, strategy });

describe("a sweep", () => {
  it("tries every combination", () => {
    const trials = trialsOf(plan({ "lora.rank": [4, 8], "optimizer.learningRate": [1e-3, 1e-4, 1e-5] }), recipe);
    expect(trials).toHaveLength(6);
    expect(trials[1]?.recipe.lora.rank).toBe(4);
    expect(trials[1]?.recipe.optimizer.learningRate).toBe(1e-4);
    expect(trials[5]?.changes).toEqual({ "lora.rank": 8, "optimizer.learningRate": 1e-5 });
  });

  it("refuses fields that do not exist, values that do not fit, and too many", () => {
    expect(() => trialsOf(plan({ "lora.rnk": [4] }), recipe)).toThrow("no lora.rnk");
    expect(() => trialsOf(plan({ "lora.rank": [-4] }), recipe)).toThrow("lora.rank");
    const many = Array.from({ length: 20 }, (_, i) => i + 1);
    expect(() => trialsOf(plan({ "lora.rank": many, seed: many }), recipe)).toThrow("more than 64");
  });

  it("halves in three rungs, a third going on from each", () => {
    const rungs = (strategy: "grid" | "halving", steps: number, warmup = 0) =>
      rungsOf(plan({}, strategy), { ...recipe.schedule, steps, warmup });
    expect(rungs("halving", 90)).toEqual([10, 30, 90]);
    expect(rungs("halving", 2)).toEqual([1, 2]);
    expect(rungs("halving", 27, 5)).toEqual([10, 27]);
    expect(rungs("grid", 90)).toEqual([90]);
    const standing = [3, null, 1, 2, Number.NaN, 5].map((evalLoss, id) => ({ id, evalLoss }));
    expect(survivors(standing).map(({ id }) => id)).toEqual([2, 3]);
    expect(survivors([{ id: 0, evalLoss: null }])).toEqual([]);
  });
});
