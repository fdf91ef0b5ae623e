/** Several answers to one case (pass@k, pass^k) and several questions to one experiment (Holm). */

/** Chance that at least one of k answers passes, of n drawn with c right: 1 − C(n−c, k)/C(n, k) (Chen et al. 2021). n ≥ k. */
export function passAtK(n: number, c: number, k: number): number {
  if (k > n) return Number.NaN;
  if (n - c < k) return 1;
  let none = 1;
  for (let i = n - c + 1; i <= n; i++) none *= 1 - k / i;
  return 1 - none;
}

/** Chance that all of k answers pass: C(c, k)/C(n, k). */
export function passHatK(n: number, c: number, k: number): number {
  if (k > n) return Number.NaN;
  let all = 1;
  for (let i = 0; i < k; i++) all *= Math.max(0, c - i) / (n - i);
  return all;
}

/** p-values adjusted for asking several questions (Holm 1979), in the order given. */
export function holm(pValues: readonly number[]): number[] {
  const order = pValues.map((_, i) => i).sort((a, b) => (pValues[a] ?? 1) - (pValues[b] ?? 1));
  const adjusted = pValues.map(() => 1);
  let highest = 0;
  for (const [rank, i] of order.entries()) {
    highest = Math.max(highest, Math.min(1, (pValues.length - rank) * (pValues[i] ?? 1)));
    adjusted[i] = highest;
  }
  return adjusted;
}
