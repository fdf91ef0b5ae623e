import { expect, test } from "vitest";
import { parseRecipe } from "@/train/recipe";
import { fitsOf, fitWords, patternsOf, patternText } from "@/ui/state/patterns";

test("text becomes patterns and comes back; what is half typed is refused by the recipe", () => {
  const patterns = patternsOf(" down_proj = 4 , layers.0.self_attn.q_proj=16,");
  expect(patterns).toEqual({ down_proj: 4, "layers.0.self_attn.q_proj": 16 });
  expect(patternsOf(patternText(patterns))).toEqual(patterns);
  expect(patternsOf("  ")).toEqual({});
  for (const text of ["down_proj", "down_proj=", "down_proj=x", "down_proj=0", "a=1=2", "*=4", "=4", "down_proj=1.5"])
    expect(() => parseRecipe({ lora: { rankPattern: patternsOf(text) } }), text).toThrow("lora.rankPattern");
});

test("each pattern says which modules it means: the first that fits counts, only those with an adapter", () => {
  const fits = fitsOf(
    patternsOf("layers.1.mlp.down_proj=2, down_proj=4, v_proj=8, proj=1"),
    ["q_proj", "down_proj"],
    3,
  );
  expect(fits.map(({ modules }) => modules.length)).toEqual([1, 2, 0, 0]);
  expect(fits.map(fitWords)).toEqual([
    "layers.1.mlp.down_proj: model.layers.1.mlp.down_proj.",
    "down_proj: 2 modules, model.layers.0.mlp.down_proj first.",
    "v_proj fits no module that has an adapter.",
    "proj fits no module that has an adapter.",
  ]);
});
