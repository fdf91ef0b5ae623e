import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { mcnemarMidP, wilson } from "../statistics";
import { bcaInterval, signFlipP, winLossTie } from "./bootstrap";
import { holm, passAtK, passHatK } from "./many";
import { betaCdf, normalCdf, normalQuantile, studentQuantile } from "./normal";
import { casesToShow, chanceBetter, powerMeter } from "./power";

/** What scipy and statsmodels say; e2e/oracle/make_statistics_goldens.py writes it. */
const golden = JSON.parse(
  readFileSync(new URL("../../../e2e/fixtures/statistics/golden.json", import.meta.url), "utf8"),
) as {
  normal: [number, number][];
  beta: [number, number, number, number][];
  wilson: [number, number, number, number][];
  midP: [number, number, number][];
  holm: [number[], number[]][];
  passAtK: [number, number, number, number, number][];
  bca: { values: number[]; low: number; high: number }[];
  signFlip: [number[], number][];
};

test("the normal and Beta distributions are scipy's", () => {
  for (const [x, p] of golden.normal) {
    expect(normalCdf(x)).toBeCloseTo(p, 13);
    expect(normalQuantile(p)).toBeCloseTo(x, 6);
  }
  for (const [x, a, b, p] of golden.beta) expect(betaCdf(x, a, b)).toBeCloseTo(p, 11);
  // Table values of Student's t.
  expect(studentQuantile(0.025, 9)).toBeCloseTo(-2.262157, 6);
  expect(studentQuantile(0.025, 49)).toBeCloseTo(-2.009575, 6);
});

test("Wilson is statsmodels', mid-p scipy's", () => {
  for (const [k, n, low, high] of golden.wilson) {
    expect(wilson(k, n).low).toBeCloseTo(low, 12);
    expect(wilson(k, n).high).toBeCloseTo(high, 12);
  }
  for (const [fixed, broken, p] of golden.midP) expect(mcnemarMidP(fixed, broken)).toBeCloseTo(p, 10);
});

test("Holm's adjustment is statsmodels', in the order asked", () => {
  for (const [raw, adjusted] of golden.holm) {
    for (const [i, p] of holm(raw).entries()) expect(p).toBeCloseTo(adjusted[i] ?? Number.NaN, 12);
  }
});

test("pass@k and pass^k are ratios of binomial coefficients", () => {
  for (const [n, c, k, any, all] of golden.passAtK) {
    expect(passAtK(n, c, k)).toBeCloseTo(any, 12);
    expect(passHatK(n, c, k)).toBeCloseTo(all, 12);
  }
  expect(passAtK(3, 1, 5)).toBeNaN();
});

test("BCa's ends are those of scipy's 200,000 draws, within what drawing varies", () => {
  for (const { values, low, high } of golden.bca) {
    const ours = bcaInterval(values, { seed: 7, draws: 40_000, plain: true });
    expect(Math.abs(ours.low - low)).toBeLessThan(0.03 * (high - low));
    expect(Math.abs(ours.high - high)).toBeLessThan(0.03 * (high - low));
  }
});

test("BCa is seeded, and says nothing it cannot know", () => {
  const values = golden.bca[0]?.values ?? [];
  expect(bcaInterval(values, { seed: 1 })).toEqual(bcaInterval(values, { seed: 1 }));
  expect(bcaInterval(values, { seed: 1 })).not.toEqual(bcaInterval(values, { seed: 2 }));
  expect(bcaInterval([], { seed: 1 }).high).toBe(Number.POSITIVE_INFINITY);
  expect(bcaInterval([2, 2], { seed: 1 })).toEqual({ low: 2, high: 2 });
});

test("few cases have an exact sign-flip p, scipy's; many an estimate near it", () => {
  for (const [values, p] of golden.signFlip) expect(signFlipP(values, { seed: 1 })).toBeCloseTo(p, 12);
  // 14 of 20 equal signs: the sign test.
  const many = Array.from({ length: 20 }, (_, i) => (i < 15 ? 1 : -1));
  expect(Math.abs(signFlipP(many, { seed: 1 }) - 0.0414)).toBeLessThan(0.01);
  expect(winLossTie([0.1, -0.2, 0, 1e-12])).toEqual({ wins: 1, losses: 1, ties: 2 });
});

test("the chance of being better follows the cases that changed", () => {
  expect(chanceBetter({ fixed: 0, broken: 0 })).toBeCloseTo(0.5, 12);
  expect(chanceBetter({ fixed: 3, broken: 1 }) + chanceBetter({ fixed: 1, broken: 3 })).toBeCloseTo(1, 12);
  expect(chanceBetter({ fixed: 7, broken: 0 })).toBeGreaterThan(0.99);
});

test("the meter and the number of cases agree with each other", () => {
  expect(powerMeter(20).sentence).toBe("20 cases can show a gain of 41 points or more (80 % power, if 5 % break).");
  expect(powerMeter(2).gain).toBeNull();
  const needed = casesToShow(0.21, 0.05) ?? 0;
  expect(Math.abs(needed - 50)).toBeLessThan(4);
  expect(casesToShow(0, 0.1)).toBeNull();
  expect(casesToShow(0.0005, 0.2)).toBeNull();
});
