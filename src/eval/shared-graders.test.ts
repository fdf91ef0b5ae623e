/**
 * The shared file of cases holds our verdicts; e2e/oracle/check_graders.py asks the Python of train.py for its own.
 * BURNISH_WRITE=1 writes the file anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { graderCases } from "@/eval/grader-cases";
import { grade } from "@/eval/graders";
import { mcnemarMidP, newcombePaired, wilson } from "@/eval/statistics";

const STATISTICS = fileURLToPath(new URL("../../e2e/fixtures/graders/statistics.json", import.meta.url));
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

test("the shared figures are our statistics", () => {
  const figures = [];
  const sizes = [0, 1, 3, 10, 37, 150];
  for (const both of sizes) {
    for (const fixed of [0, 1, 7, 60]) {
      for (const broken of [0, 2, 9]) {
        for (const neither of [0, 5, 400]) {
          const counts = { both, fixed, broken, neither };
          const n = both + fixed + broken + neither;
          const intervals = { wilson: wilson(both + fixed, n), newcombe: newcombePaired(counts) };
          figures.push({ counts, ...intervals, midP: mcnemarMidP(fixed, broken) });
        }
      }
    }
  }
  const text = `[\n${figures.map((one) => JSON.stringify(one)).join(",\n")}\n]\n`;
  if (process.env.BURNISH_WRITE) writeFileSync(STATISTICS, text);
  expect(readFileSync(STATISTICS, "utf8")).toBe(text);
});
