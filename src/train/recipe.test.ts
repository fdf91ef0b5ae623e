import { expect, test } from "vitest";
import { parseRecipe } from "./recipe";

test("an empty recipe is complete", () => {
  const recipe = parseRecipe({});
  expect(recipe.lora).toMatchObject({ rank: 8, alpha: 16, targets: expect.arrayContaining(["q_proj", "down_proj"]) });
  expect(recipe.data.maxLength).toBe(256);
  expect(parseRecipe(JSON.parse(JSON.stringify(recipe)))).toEqual(recipe);
});

test("a partial section keeps its other defaults", () => {
  expect(parseRecipe({ lora: { rank: 4 } }).lora.alpha).toBe(16);
});

test("every wrong field is named, once", () => {
  expect(() => parseRecipe({ lora: { rank: 0 }, schedule: { kind: "step" }, typo: 1 })).toThrow(
    /lora\.rank.*schedule\.kind.*typo/s,
  );
});
