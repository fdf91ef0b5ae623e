import { expect, test } from "vitest";
import type { ComparedCase } from "@/worker/api/comparison";
import { compareArms, gradeCase } from "./report";

function cases(both: number, fixed: number, broken: number, neither: number): ComparedCase[] {
  const make = (count: number, base: string, tuned: string) =>
    Array.from({ length: count }, (_, i) => gradeCase({ prompt: `${base}${tuned}${i}`, expected: "y", base, tuned }));
  return [...make(both, "y", "y"), ...make(neither, "n", "n"), ...make(broken, "y", "n"), ...make(fixed, "n", "y")];
}

test("a clear gain is called better, with its numbers", () => {
  const report = compareArms(cases(28, 20, 2, 10));
  expect(report).toMatchObject({ n: 60, fixed: 20, broken: 2, verdict: "better", difference: 0.3 });
  expect(report.base).toMatchObject({ passed: 30, rate: 0.5 });
  expect(report.tuned.passed).toBe(48);
  expect(report.pValue).toBeLessThan(0.001);
  expect(report.sentence).toBe(
    "Better: 48 of 60 right, 30 before (20 fixed, 2 broken), a gain of +30 points (95 % interval +16 to +43).",
  );
});

test("the same table the other way round is worse", () => {
  const report = compareArms(cases(28, 2, 20, 10));
  expect(report.verdict).toBe("worse");
  expect(report.sentence).toContain("\u221230 points (95 % interval \u221243 to \u221216)");
});

test("an interval that covers 0 is inconclusive, however nice the difference looks", () => {
  const report = compareArms(cases(10, 6, 3, 11));
  expect(report.verdict).toBe("inconclusive");
  expect(report.sentence).toMatch(/^Inconclusive: 16 of 30 right, 13 before .* could be chance/);
});

test("below 20 cases there is no verdict, however large the difference", () => {
  expect(compareArms(cases(0, 19, 0, 0)).verdict).toBe("too-few");
  expect(compareArms(cases(0, 20, 0, 0)).verdict).toBe("better");
  expect(compareArms([])).toMatchObject({ n: 0, difference: 0, verdict: "too-few", pValue: 1 });
});

test("nothing changed is inconclusive, not a verdict of equality", () => {
  expect(compareArms(cases(30, 0, 0, 0)).verdict).toBe("inconclusive");
});

test("cases come fixed first, then broken, then wrong in both", () => {
  const order = compareArms(cases(1, 2, 1, 1)).cases.map(({ basePassed, tunedPassed }) => [basePassed, tunedPassed]);
  expect(order).toEqual([
    [false, true],
    [false, true],
    [true, false],
    [false, false],
    [true, true],
  ]);
});

test("another check than exact match can decide", () => {
  const answers = { prompt: "p", expected: "7", base: "it is 7.", tuned: "8" };
  expect(gradeCase(answers)).toMatchObject({ basePassed: false, tunedPassed: false });
  expect(gradeCase(answers, { kind: "numeric", expected: 7, tolerance: 0 })).toMatchObject({ basePassed: true });
});
