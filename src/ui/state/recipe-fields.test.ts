import { expect, test } from "vitest";
import { parseRecipe, type RecipeInput } from "@/train/recipe";
import { choicesFor, isFor, MAIN_FIELDS, MORE_FIELDS } from "@/ui/state/recipe-fields";

test("fields of an adapter are shown where one is trained, patterns where everything is", () => {
  const shown = (trains: "lora" | "full") =>
    [...MAIN_FIELDS, ...MORE_FIELDS].filter((field) => isFor(field, { method: "sft", trains })).map(({ path }) => path);
  expect(shown("full").some((path) => path.startsWith("lora."))).toBe(false);
  expect(shown("lora")).toContain("lora.rank");
  expect(shown("full")).toContain("full.freeze");
  expect(shown("lora")).not.toContain("full.freeze");
  expect(shown("full")).toContain("optimizer.learningRate");
});

test("Muon is offered where everything learns, and shown where it was chosen", () => {
  const field = MORE_FIELDS.find(({ path }) => path === "optimizer.kind");
  const offered = (input: RecipeInput) =>
    field?.kind === "choice" ? choicesFor(field, parseRecipe(input)).map(([value]) => value) : [];
  expect(offered({})).toEqual(["adamw", "adamw8", "sgd"]);
  expect(offered({ trains: "full" })).toContain("muon");
  expect(offered({ optimizer: { kind: "muon" } })).toContain("muon");
});

test("a method shows its own settings and those of none other; every choice is one that the recipe takes", () => {
  const all = [...MAIN_FIELDS, ...MORE_FIELDS];
  const shown = (method: "sft" | "dpo" | "grpo") =>
    all.filter((field) => isFor(field, { method, trains: "lora" })).map(({ path }) => path);
  expect(shown("dpo")).toContain("dpo.beta");
  expect(shown("dpo").filter((path) => /^(sft|grpo)\./.test(path))).toEqual([]);
  expect(shown("grpo")).toContain("grpo.numGenerations");
  expect(shown("grpo")).not.toContain("data.loss");
  for (const method of ["sft", "dpo", "grpo"] as const) {
    expect(shown(method)).toEqual(expect.arrayContaining(["start", "keep.every", "keep.patience", "keep.by"]));
  }
  for (const field of all) {
    if (field.kind !== "choice") continue;
    const [section = "", name] = field.path.split(".");
    for (const [value] of field.options) {
      const input = name === undefined ? { [section]: value } : { [section]: { [name]: value } };
      expect(() => parseRecipe(input as RecipeInput), `${field.path} ${value}`).not.toThrow();
    }
  }
});
