import { describe, expect, test } from "vitest";
import {
  binomial,
  gainPower,
  mcnemarMidP,
  minimumDetectableGain,
  newcombePaired,
  type PairedCounts,
  wilson,
} from "./statistics";

const counts = (both: number, fixed: number, broken: number, neither: number): PairedCounts => ({
  both,
  fixed,
  broken,
  neither,
});

test("Wilson's interval has the values of Newcombe's paper on one proportion", () => {
  // Newcombe, Statist. Med. 17 (1998) 857–872, table I, method 3.
  const published: [number, number, number, number][] = [
    [81, 263, 0.2553, 0.3662],
    [15, 148, 0.0624, 0.1605],
    [0, 20, 0, 0.1611],
    [1, 29, 0.0061, 0.1718],
  ];
  for (const [passed, n, low, high] of published) {
    expect(wilson(passed, n).low).toBeCloseTo(low, 4);
    expect(wilson(passed, n).high).toBeCloseTo(high, 4);
  }
  expect(wilson(20, 20)).toEqual({ low: expect.closeTo(0.8389, 4), high: 1 });
  expect(wilson(0, 0)).toEqual({ low: 0, high: 1 });
});

describe("Newcombe's paired interval", () => {
  test("has the published values", () => {
    // Newcombe (1998) 2635–2650: 36, 12, 2, 0.
    const newcombe = newcombePaired(counts(36, 12, 2, 0));
    expect([newcombe.low, newcombe.high].map((x) => x.toFixed(4))).toEqual(["0.0569", "0.3404"]);
    // Fagerland, Lydersen & Laake (2014), airway hyper-responsiveness: 1, 1, 7, 12.
    const airway = newcombePaired(counts(1, 1, 7, 12));
    expect([airway.low, airway.high].map((x) => x.toFixed(3))).toEqual(["-0.507", "-0.026"]);
  });

  test("is mirrored when the arms are exchanged", () => {
    const one = newcombePaired(counts(30, 9, 3, 8));
    const other = newcombePaired(counts(30, 3, 9, 8));
    expect(one.low).toBeCloseTo(-other.high, 12);
    expect(one.high).toBeCloseTo(-other.low, 12);
  });

  test("stays within -1 and 1, and is never empty without evidence", () => {
    for (const cells of [counts(0, 0, 0, 0), counts(5, 0, 0, 0), counts(0, 5, 0, 0), counts(0, 0, 0, 5)]) {
      const { low, high } = newcombePaired(cells);
      expect(low).toBeGreaterThanOrEqual(-1);
      expect(high).toBeLessThanOrEqual(1);
      expect(high - low).toBeGreaterThan(0.3);
    }
  });

  // Exact: the sum over all tables, so no simulation noise hides a fault.
  const truths: [string, number, PairedCounts][] = [
    [".90 → .95", 20, counts(0.88, 0.07, 0.02, 0.03)],
    [".60 → .80", 10, counts(0.55, 0.25, 0.05, 0.15)],
    [".60 → .80", 30, counts(0.55, 0.25, 0.05, 0.15)],
    [".10 → .30", 20, counts(0.08, 0.22, 0.02, 0.68)],
    [".50 → .50", 30, counts(0.35, 0.15, 0.15, 0.35)],
  ];
  for (const [name, n, truth] of truths) {
    test(`covers ${name} at n = ${n} at least 93 % of the time`, () => {
      expect(coverage(n, truth)).toBeGreaterThan(0.93);
    });
  }
});

/** Chance that the interval holds the true difference. */
function coverage(n: number, truth: PairedCounts): number {
  const difference = truth.fixed - truth.broken;
  let covered = 0;
  for (let both = 0; both <= n; both++) {
    const p1 = binomial(n, both, truth.both);
    for (let fixed = 0; fixed <= n - both; fixed++) {
      const p2 = p1 * binomial(n - both, fixed, truth.fixed / (1 - truth.both));
      for (let broken = 0; broken <= n - both - fixed; broken++) {
        const rest = n - both - fixed;
        const chance = p2 * binomial(rest, broken, truth.broken / (1 - truth.both - truth.fixed));
        const { low, high } = newcombePaired(counts(both, fixed, broken, rest - broken));
        if (low <= difference && difference <= high) covered += chance;
      }
    }
  }
  return covered;
}

test("McNemar's mid-p has the published values", () => {
  // Fagerland, Lydersen & Laake (2013): the two examples of the paper.
  expect(mcnemarMidP(1, 7)).toBeCloseTo(0.0391, 4);
  expect(mcnemarMidP(6, 16)).toBeCloseTo(0.0347, 4);
  expect(mcnemarMidP(7, 1)).toBe(mcnemarMidP(1, 7));
  expect(mcnemarMidP(0, 0)).toBe(1);
  expect(mcnemarMidP(4, 4)).toBe(1);
  expect(mcnemarMidP(5, 0)).toBeCloseTo(0.03125, 10);
});

test("power is that of our simulation with 600 repetitions", () => {
  const simulated: [number, number][] = [
    [10, 0.05],
    [20, 0.32],
    [50, 0.81],
    [100, 0.98],
  ];
  for (const [n, power] of simulated) expect(Math.abs(gainPower(n, 0.25, 0.05) - power)).toBeLessThan(0.04);
});

test("the smallest gain that n cases can show", () => {
  const percent = (n: number, broken: number) => Math.round(100 * (minimumDetectableGain(n, broken) ?? Number.NaN));
  expect([10, 12, 20, 30, 40, 50, 100, 200].map((n) => percent(n, 0))).toEqual([58, 50, 31, 21, 16, 13, 7, 3]);
  expect([10, 12, 20, 30, 40, 50, 100, 200].map((n) => percent(n, 0.05))).toEqual([68, 60, 41, 30, 25, 21, 13, 8]);
  expect(minimumDetectableGain(3, 0)).toBeNull();
});

test("binomial chances sum to one, at the borders too", () => {
  for (const p of [0, 1e-9, 0.3, 1]) {
    let sum = 0;
    for (let k = 0; k <= 40; k++) sum += binomial(40, k, p);
    expect(sum).toBeCloseTo(1, 12);
  }
});
