import { expect, test } from "vitest";
import { scheduleFactor } from "./schedule";

// From transformers.get_{linear,cosine}_schedule_with_warmup(optimizer, 3, 20).
test.each([
  ["linear", [0, 1 / 3, 2 / 3, 1, 16 / 17, 15 / 17], 1 / 17],
  ["cosine", [0, 1 / 3, 2 / 3, 1, 0.9914865, 0.9662361], 0.0085135],
  ["constant", [0, 1 / 3, 2 / 3, 1, 1, 1], 1],
] as const)("%s schedule", (kind, start, last) => {
  const at = (step: number) => scheduleFactor({ kind, warmup: 3, steps: 20 }, step);
  for (const [step, value] of start.entries()) expect(at(step)).toBeCloseTo(value, 6);
  expect(at(19)).toBeCloseTo(last, 6);
});

test("no warm-up starts at the peak", () => {
  expect(scheduleFactor({ kind: "linear", warmup: 0, steps: 10 }, 0)).toBe(1);
});
