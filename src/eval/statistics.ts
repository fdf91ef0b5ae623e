/**
 * What n paired pass/fail answers can say. Wilson's interval for one rate; for the difference of two rates on the same
 * cases Newcombe's method 10 (Statist. Med. 17, 1998: square-and-add of two Wilson intervals with a continuity-corrected
 * phi) and McNemar's mid-p. Simulated at n = 10 to 100, Wald and bootstrap intervals cover far less than they claim.
 */

import type { Interval } from "@/worker/api/comparison";

/** Counts of cases: passed by both, only after (fixed), only before (broken), by neither. */
export interface PairedCounts {
  readonly both: number;
  readonly fixed: number;
  readonly broken: number;
  readonly neither: number;
}

/** Two-sided 95 %. */
const Z = 1.959963984540054;

/** The interval of a rate, within [0, 1]; all of it when n is 0. */
export function wilson(passed: number, n: number, z = Z): Interval {
  if (n === 0) return { low: 0, high: 1 };
  const rate = passed / n;
  const centre = rate + (z * z) / (2 * n);
  const reach = z * Math.sqrt((rate * (1 - rate) + (z * z) / (4 * n)) / n);
  const scale = 1 + (z * z) / n;
  // At the ends rounding could miss 0 or 1 by an epsilon.
  const low = passed === 0 ? 0 : (centre - reach) / scale;
  const high = passed === n ? 1 : (centre + reach) / scale;
  return { low, high };
}

/** The interval of rate after minus rate before. */
export function newcombePaired(counts: PairedCounts, z = Z): Interval {
  const { both, fixed, broken, neither } = counts;
  const n = both + fixed + broken + neither;
  if (n === 0) return { low: -1, high: 1 };
  const after = (both + fixed) / n;
  const before = (both + broken) / n;
  const difference = (fixed - broken) / n;
  const a = wilson(both + fixed, n, z);
  const b = wilson(both + broken, n, z);
  const phi = correctedPhi(counts);
  const reach = (x: number, y: number) => Math.sqrt(Math.max(0, x * x - 2 * phi * x * y + y * y));
  return {
    low: Math.max(-1, difference - reach(after - a.low, b.high - before)),
    high: Math.min(1, difference + reach(a.high - after, before - b.low)),
  };
}

/** Newcombe's correction moves a positive association towards 0, at most to 0. */
function correctedPhi({ both, fixed, broken, neither }: PairedCounts): number {
  const n = both + fixed + broken + neither;
  const margins = (both + fixed) * (broken + neither) * (both + broken) * (fixed + neither);
  if (margins === 0) return 0;
  const cross = both * neither - fixed * broken;
  return (cross > 0 ? Math.max(0, cross - n / 2) : cross) / Math.sqrt(margins);
}

/** Two-sided mid-p of "fixing and breaking are equally likely". 1 when nothing changed. */
export function mcnemarMidP(fixed: number, broken: number): number {
  const n = fixed + broken;
  const fewer = Math.min(fixed, broken);
  if (fixed === broken) return 1;
  let below = 0;
  for (let k = 0; k < fewer; k++) below += binomial(n, k, 0.5);
  return Math.min(1, 2 * below + binomial(n, fewer, 0.5));
}

/**
 * The smallest true gain (share fixed minus share broken) that mid-p at 5 % would find in n cases with the given power,
 * when `broken` of all cases break; null when even fixing all the others would not be found.
 */
export function minimumDetectableGain(n: number, broken = 0.05, power = 0.8): number | null {
  const most = 1 - broken;
  if (gainPower(n, most, broken) < power) return null;
  let low = broken;
  let high = most;
  while (high - low > 1e-4) {
    const middle = (low + high) / 2;
    if (gainPower(n, middle, broken) >= power) high = middle;
    else low = middle;
  }
  return high - broken;
}

/** Exact chance that n cases give more fixed than broken and mid-p ≤ 0.05. */
export function gainPower(n: number, fixed: number, broken: number): number {
  const changing = fixed + broken;
  if (changing <= 0) return 0;
  let power = 0;
  for (let changed = 0; changed <= n; changed++) {
    const chance = binomial(n, changed, changing);
    if (chance < 1e-12) continue;
    let found = 0;
    let below = 0;
    for (let b = 0; 2 * b < changed; b++) {
      const here = binomial(changed, b, 0.5);
      if (2 * below + here > 0.05) break;
      below += here;
      found += binomial(changed, b, broken / changing);
    }
    power += chance * found;
  }
  return power;
}

/** Chance of k successes in n trials of probability p. */
export function binomial(n: number, k: number, p: number): number {
  if (p <= 0) return k === 0 ? 1 : 0;
  if (p >= 1) return k === n ? 1 : 0;
  return Math.exp(logChoose(n, k) + k * Math.log(p) + (n - k) * Math.log1p(-p));
}

function logChoose(n: number, k: number): number {
  return logFactorial(n) - logFactorial(k) - logFactorial(n - k);
}

const logFactorials = [0];
function logFactorial(n: number): number {
  for (let i = logFactorials.length; i <= n; i++) logFactorials.push((logFactorials[i - 1] ?? 0) + Math.log(i));
  return logFactorials[n] ?? 0;
}
