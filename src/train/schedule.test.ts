import { expect, test } from "vitest";
import { parseRecipe } from "./recipe";
import { plannedRates, scheduleFactor } from "./schedule";

// From transformers.get_{linear,cosine,cosine_with_min_lr,wsd}_schedule(optimizer, 3, …, 20) of transformers 5.23.
test.each([
  ["linear", 0, [0, 1 / 3, 2 / 3, 1, 16 / 17, 15 / 17], 1 / 17],
  ["cosine", 0, [0, 1 / 3, 2 / 3, 1, 0.9914865, 0.9662361], 0.0085135],
  ["cosine", 0.1, [0, 1 / 3, 2 / 3, 1, 0.9923378, 0.9696125], 0.1076622],
  ["constant", 0, [0, 1 / 3, 2 / 3, 1, 1, 1], 1],
  ["warmup_stable_decay", 0.1, [0.1, 0.4, 0.7, 1, 1, 1], 0.2318019],
] as const)("%s schedule, minimum %d", (kind, minimum, start, last) => {
  const at = (step: number) => scheduleFactor({ kind, minimum, decay: 4, warmup: 3, steps: 20 }, step);
  for (const [step, value] of start.entries()) expect(at(step)).toBeCloseTo(value, 6);
  expect(at(19)).toBeCloseTo(last, 6);
});

test("no warm-up starts at the peak", () => {
  expect(scheduleFactor({ kind: "linear", minimum: 0, decay: 0, warmup: 0, steps: 10 }, 0)).toBe(1);
});

test("the plan is the peak rate times the factor, with a fifth of the run to fall in unless it is said", () => {
  const schedule = { kind: "warmup_stable_decay", steps: 10 } as const;
  const rates = plannedRates(parseRecipe({ optimizer: { learningRate: 2 }, schedule }));
  expect(rates).toHaveLength(10);
  expect(rates.slice(0, 9)).toEqual(Array(9).fill(2));
  expect(rates[9]).toBeCloseTo(1, 6);
});
