/**
 * The shared file of cases holds our verdicts; e2e/oracle/check_graders.py asks the Python of train.py for its own.
 * BURNISH_WRITE=1 writes the file anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { grade } from "@/eval/graders";
import { graderCases } from "@/export/grader-cases";

const FILE = fileURLToPath(new URL("../../e2e/fixtures/graders/cases.json", import.meta.url));

test("the shared cases carry our verdicts", () => {
  const cases = graderCases().map(({ output, check }) => {
    const { pass, score } = grade(output, check);
    return { output, check, pass, score };
  });
  const text = `[\n${cases.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
  if (process.env.BURNISH_WRITE) {
    mkdirSync(fileURLToPath(new URL(".", `file://${FILE}`)), { recursive: true });
    writeFileSync(FILE, text);
  }
  expect(cases.length).toBeGreaterThanOrEqual(300);
  for (const kind of ["exact", "contains", "regex", "numeric", "json"]) {
    const passed = cases.filter((one) => one.check.kind === kind).map(({ pass }) => pass);
    expect(new Set(passed).size, kind).toBe(2);
  }
  expect(readFileSync(FILE, "utf8")).toBe(text);
});
