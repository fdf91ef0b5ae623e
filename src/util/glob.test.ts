import { expect, test } from "vitest";
import { fitsGlob, nearestNames } from "@/util/glob";

test.each([
  ["model.norm.weight", "model.norm.weight", true],
  ["*norm*", "model.layers.0.input_layernorm.weight", true],
  ["*.layers.?.*", "model.layers.3.mlp.up_proj.weight", true],
  ["*.layers.?.*", "model.layers.13.mlp.up_proj.weight", false],
  ["model.*.weight", "model.norm.bias", false],
  ["norm", "model.norm.weight", false],
  ["*aab", "aaaab", true],
  ["*", "", true],
  ["?", "", false],
  // A dot is a dot.
  ["model.norm", "modelxnorm", false],
])("%s fits %s: %o", (pattern, name, fits) => {
  expect(fitsGlob(pattern, name)).toBe(fits);
});

test("a pattern made to be slow is not", () => {
  expect(fitsGlob(`${"*a".repeat(100)}b`, "a".repeat(5000))).toBe(false);
});

test("the nearest names of a misspelt one", () => {
  const names = ["model.norm.weight", "model.layers.0.mlp.up_proj.weight", "model.embed_tokens.weight"];
  expect(nearestNames("embed_token", names, 1)).toEqual(["model.embed_tokens.weight"]);
  expect(nearestNames("*up_projection*", names, 1)).toEqual(["model.layers.0.mlp.up_proj.weight"]);
});
