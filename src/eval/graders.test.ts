import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { Check, grade } from "./graders";

const passes = (output: string, check: z.input<typeof Check>) => grade(output, z.parse(Check, check)).pass;

test("exact looks past white space at the ends only", () => {
  expect(passes(' {"a": 1}\n', { kind: "exact", expected: '{"a": 1}' })).toBe(true);
  expect(passes('{"a":1}', { kind: "exact", expected: '{"a": 1}' })).toBe(false);
  expect(passes("Yes", { kind: "exact", expected: "yes" })).toBe(false);
  expect(passes("", { kind: "exact", expected: " " })).toBe(true);
});

test("contains, with and without case", () => {
  expect(passes("It is ON now", { kind: "contains", expected: "on now" })).toBe(false);
  expect(passes("It is ON now", { kind: "contains", expected: "on now", ignoreCase: true })).toBe(true);
});

describe("regex", () => {
  test("matches anywhere, with flags, the same each time", () => {
    const check = { kind: "regex", pattern: "^b+$", flags: "gmy" } as const;
    for (let i = 0; i < 3; i++) expect(passes("a\nbb\nc", check)).toBe(true);
    expect(passes("a", check)).toBe(false);
  });
  test("a pattern that cannot be used fails with its reason instead of throwing", () => {
    for (const pattern of ["(", "(?=a)", "(a)\\1"]) {
      const { pass, reason } = grade("a", { kind: "regex", pattern, flags: "" });
      expect(pass).toBe(false);
      expect(reason).toContain("is not one that can be used");
    }
  });
  test("flags count, and a pattern that hangs a backtracking matcher ends here", () => {
    expect(passes("a\nB", { kind: "regex", pattern: "a.b", flags: "isu" })).toBe(true);
    expect(passes("a\nB", { kind: "regex", pattern: "a.b", flags: "i" })).toBe(false);
    expect(passes(`${"a".repeat(50_000)}!`, { kind: "regex", pattern: "^(a+)+$", flags: "" })).toBe(false);
  });
});

describe("numeric takes the last number", () => {
  const cases: [string, number, boolean][] = [
    ["The answer is 42.", 42, true],
    ["3 plus 4 is 7", 7, true],
    ["1,234,567 people", 1234567, true],
    ["-0.5", -0.5, true],
    ["about 6.02e23", 6.02e23, true],
    [".25", 0.25, true],
    ["none", 0, false],
    ["7 or 8", 7, false],
    ["pages 10-3", 3, true],
    ["= -3", -3, true],
    ["12345,678", 678, true],
    ["1.0000005", 1, true],
    ["1.00001", 1, false],
  ];
  for (const [output, expected, pass] of cases) {
    test(`${output} → ${pass}`, () => expect(passes(output, { kind: "numeric", expected })).toBe(pass));
  }
  test("within the tolerance", () => {
    expect(passes("9.9", { kind: "numeric", expected: 10, tolerance: 0.2 })).toBe(true);
  });
});

test("the reason names what was wanted and what came, shortened", () => {
  expect(grade("no", { kind: "exact", expected: "yes" })).toEqual({
    pass: false,
    score: 0,
    reason: 'Wanted an output that is "yes"; got "no".',
  });
  expect(grade("x".repeat(500), { kind: "exact", expected: "yes" }).reason.length).toBeLessThan(140);
});

test("a check of another kind is refused by the schema", () => {
  expect(z.safeParse(Check, { kind: "javascript", code: "process.exit()" }).success).toBe(false);
});
