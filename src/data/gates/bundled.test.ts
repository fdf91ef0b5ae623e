/** The bundled datasets must pass their own house's gates; and a published test is known by its hashes alone. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { parseRecipe } from "@/train/recipe";
import { knownTests } from "./known-tests";
import { contamination } from "./leakage";
import { emberCodec, gateRows } from "./measure";
import { prepareRow } from "./prepare";
import { runGates } from "./run-gates";

const open = (path: string) => readFileSync(new URL(`../../../public/${path}`, import.meta.url));
const context = { tokenizer: null, recipe: parseRecipe({}), base: null };

test.each(["commands", "feelings"])("bundled:%s has no red finding", (name) => {
  const codec = emberCodec();
  const read = (side: string) => open(`datasets/${name}.${side}.jsonl`).toString();
  const rows = [
    ...gateRows(read("train"), false, "sft", codec, context.recipe),
    ...gateRows(read("eval"), true, "sft", codec, context.recipe),
  ];
  const tests = [knownTests("HumanEval", open("contamination/humaneval.bin"))];
  const findings = runGates(rows, { ...context, tokenizer: codec.tokenizer, tests });
  expect(findings.filter(({ severity }) => severity === "red")).toEqual([]);
});

test("a task of HumanEval is known in a row, from hashes that Python made", () => {
  const tests = [knownTests("HumanEval", open("contamination/humaneval.bin"))];
  const row = (text: string) => prepareRow({ line: 1, held: false, row: { kind: "text", text }, tokens: null });
  // The docstring of HumanEval/0 (MIT, OpenAI).
  const quoted =
    "Please solve: Check if in given list of numbers, are any two numbers closer to each other than given threshold. Thanks.";
  expect(contamination.check([row(quoted)], { ...context, tests })).toHaveLength(1);
  const other =
    "Write a function that takes a list of names and gives back the longest one, or nothing when the list is empty.";
  expect(contamination.check([row(other)], { ...context, tests })).toEqual([]);
});
