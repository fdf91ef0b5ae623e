import { expect, it } from "vitest";
import { dataByName, modelByName, sourceName } from "@/hub/sources";

it("names that can be opened again come back as what they name", () => {
  for (const name of ["bundled:ember", "hf:owner/name", "hf:owner/name@main/model.gguf"]) {
    const source = modelByName(name);
    expect(source && sourceName(source)).toBe(name);
  }
  for (const name of ["bundled:commands", "hf:datasets/owner/name:config", "https://example.org/rows.jsonl"]) {
    const source = dataByName(name);
    expect(source && sourceName(source)).toBe(name);
  }
});

it("a person's own file has a name, but is not opened by it", () => {
  expect(sourceName({ kind: "files", name: "my rows", files: [] })).toBe("files:my rows");
  expect(modelByName("files:my model")).toBeUndefined();
  expect(dataByName("files:my rows")).toBeUndefined();
});
