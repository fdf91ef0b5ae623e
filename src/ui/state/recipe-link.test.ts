import { describe, expect, it } from "vitest";
import { parseRecipe } from "@/train/recipe";
import { recipeFromHash, recipeToHash } from "@/ui/state/recipe-link";

describe("recipe link", () => {
  it("writes nothing for the standard recipe", () => {
    expect(recipeToHash(parseRecipe({}))).toBe("#recipe:");
    expect(recipeFromHash("#recipe:")).toEqual(parseRecipe({}));
  });

  it("carries changed fields, and only those, there and back", () => {
    const recipe = parseRecipe({
      data: { train: "bundled:feelings", columns: { prompt: "question & more", completion: "answer" } },
      lora: { rank: 4, targets: ["q_proj", "v_proj"] },
      optimizer: { learningRate: 0.003 },
      evaluate: { samples: ["héllo & = #"] },
    });
    const hash = recipeToHash(recipe);
    expect(hash).toContain("lora.rank=4");
    expect(hash).not.toContain("alpha");
    expect(recipeFromHash(hash)).toEqual(recipe);
  });

  it("leaves other fragments alone", () => {
    expect(recipeFromHash("")).toBeNull();
    expect(recipeFromHash("#data")).toBeNull();
  });

  it("refuses what is not a recipe, by name", () => {
    expect(() => recipeFromHash("#recipe:lora.rank=lots")).toThrow(/lora\.rank/);
    expect(() => recipeFromHash("#recipe:lora.rank=-3")).toThrow(/lora\.rank/);
    expect(() => recipeFromHash("#recipe:__proto__.x=1")).toThrow(/do not exist/);
    expect(() => recipeFromHash("#recipe:constructor=1")).toThrow(/do not exist/);
    expect(() => recipeFromHash(`#recipe:model=${"x".repeat(9000)}`)).toThrow(/too long/);
  });
});
