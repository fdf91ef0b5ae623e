import { expect, test } from "vitest";
import { isFor, MAIN_FIELDS, MORE_FIELDS } from "@/ui/state/recipe-fields";

test("fields of an adapter are shown where one is trained, patterns where everything is", () => {
  const shown = (trains: "lora" | "full") =>
    [...MAIN_FIELDS, ...MORE_FIELDS].filter((field) => isFor(field, trains)).map(({ path }) => path);
  expect(shown("full").some((path) => path.startsWith("lora."))).toBe(false);
  expect(shown("lora")).toContain("lora.rank");
  expect(shown("full")).toContain("full.freeze");
  expect(shown("lora")).not.toContain("full.freeze");
  expect(shown("full")).toContain("optimizer.learningRate");
});
