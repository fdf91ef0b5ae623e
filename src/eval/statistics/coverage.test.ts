/** Simulated: of seeded experiments with a known truth, how many intervals hold it. Nominal 95 %; below 93 % fails. */
import { expect, test } from "vitest";
import { createRandom } from "@/util/random";
import { newcombePaired } from "../statistics";
import { bcaInterval } from "./bootstrap";
import { effectiveCounts, type PairedRepeat } from "./clusters";

const LEAST = 0.93;

/** n, share fixed, share broken, share right in both. */
const CELLS: [string, number, number, number, number][] = [
  [".90 → .95", 10, 0.07, 0.02, 0.88],
  [".10 → .30", 10, 0.22, 0.02, 0.08],
  [".90 → .95", 20, 0.07, 0.02, 0.88],
  [".60 → .80", 20, 0.25, 0.05, 0.55],
  [".90 → .95", 50, 0.07, 0.02, 0.88],
  [".50 → .50", 100, 0.15, 0.15, 0.35],
  [".306 → .342", 164, 0.09, 0.054, 0.252],
];

test.each(CELLS)(
  "Newcombe covers %s at n = %i",
  (_, n, fixed, broken, both) => {
    const random = createRandom(11, n);
    const times = 4000;
    let covered = 0;
    for (let time = 0; time < times; time++) {
      const counts = { both: 0, fixed: 0, broken: 0, neither: 0 };
      for (let i = 0; i < n; i++) {
        const u = random.float();
        counts[u < fixed ? "fixed" : u < fixed + broken ? "broken" : u < fixed + broken + both ? "both" : "neither"]++;
      }
      const { low, high } = newcombePaired(counts);
      if (low <= fixed - broken && fixed - broken <= high) covered++;
    }
    expect(covered / times).toBeGreaterThanOrEqual(LEAST);
  },
  30_000,
);

/** n cases, repeats of each, how unlike cases are (0: all alike; 1: each is always right or always wrong). */
test.each([
  [20, 3, 0.3],
  [40, 5, 0.6],
  [40, 5, 0],
  [100, 3, 0.9],
])(
  "the interval over repeats covers at n = %i × %i, spread %f",
  (n, repeats, spread) => {
    const random = createRandom(12, n * repeats);
    const [before, after] = [0.5, 0.65];
    const times = 1500;
    let covered = 0;
    for (let time = 0; time < times; time++) {
      const items: PairedRepeat[] = [];
      for (let i = 0; i < n; i++) {
        // A case is hard for both arms alike; its own rates have the wanted means.
        const u = random.float();
        const own = (rate: number) => (1 - spread) * rate + spread * Number(u < rate);
        for (let r = 0; r < repeats; r++) {
          items.push({ caseId: `${i}`, before: random.float() < own(before), after: random.float() < own(after) });
        }
      }
      const { low, high } = newcombePaired(effectiveCounts(items));
      if (low <= after - before && after - before <= high) covered++;
    }
    expect(covered / times).toBeGreaterThanOrEqual(LEAST);
  },
  30_000,
);

/** Continuous paired scores; n from 20, below which there is no verdict. */
test.each([
  ["normal", 20],
  ["normal", 50],
  ["skewed", 50],
])(
  "BCa covers the mean of %s differences at n = %i",
  (shape, n) => {
    const random = createRandom(13, n);
    const times = 600;
    let covered = 0;
    for (let time = 0; time < times; time++) {
      const values = Array.from({ length: n }, () =>
        shape === "normal" ? 0.3 + random.normal() : 0.3 + 0.4 * (random.normal() ** 2 - 1) + 0.6 * random.normal(),
      );
      const { low, high } = bcaInterval(values, { seed: time, draws: 1000 });
      if (low <= 0.3 && 0.3 <= high) covered++;
    }
    expect(covered / times).toBeGreaterThanOrEqual(LEAST);
  },
  30_000,
);
