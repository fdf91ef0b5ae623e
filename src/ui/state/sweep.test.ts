import { expect, it } from "vitest";
import { form, numbersOf, plan, usualRates } from "@/ui/state/sweep";

it("reads lists of numbers as people write them", () => {
  expect(numbersOf("1e-4, 0.001 3")).toEqual([1e-4, 0.001, 3]);
  expect(numbersOf("")).toEqual([]);
  expect(numbersOf("1, x")).toBeNull();
  expect(numbersOf("-1")).toBeNull();
});

it("plans around the recipe's own rate until a person says otherwise", () => {
  expect(plan.value?.grid).toEqual({ "optimizer.learningRate": usualRates.value });
  form.value = { ...form.value, rates: "1e-3", ranks: "4 8" };
  expect(plan.value?.grid).toEqual({ "optimizer.learningRate": [1e-3], "lora.rank": [4, 8] });
  form.value = { ...form.value, ranks: "four" };
  expect(plan.value).toBeNull();
});
