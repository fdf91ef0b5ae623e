/** The mock session's comparison: a model that got better, or one of which nothing can be said. */
import { REQUESTS } from "@/ui/mock/dataset";
import type { ComparedCase, Comparison } from "@/worker/api/comparison";

export function comparisonOf(worse: boolean): Comparison {
  const cases: ComparedCase[] = Array.from({ length: 120 }, (_, index) => {
    const [request, expected] = REQUESTS[index % REQUESTS.length] ?? ["", ""];
    const basePassed = index % 17 === 3;
    const tunedPassed = worse ? index % 40 === 1 : index % 9 !== 3;
    const base = basePassed ? expected : `${request}. The cat was happy and`;
    const tuned = tunedPassed
      ? expected
      : expected.replace("Anna", "Nora").replace("7 am", "9 pm").replace("list: birthday", "list: list");
    return { prompt: `User: ${request}\nCall:`, expected, base, tuned, basePassed, tunedPassed };
  });
  const rank = (one: ComparedCase) => (one.basePassed === one.tunedPassed ? 2 : one.tunedPassed ? 0 : 1);
  cases.sort((a, b) => rank(a) - rank(b));
  const arm = (passed: number) => ({ passed, rate: passed / 120, interval: wilson(passed, 120) });
  const base = arm(cases.filter((one) => one.basePassed).length);
  const tuned = arm(cases.filter((one) => one.tunedPassed).length);
  const difference = tuned.rate - base.rate;
  return {
    n: 120,
    base,
    tuned,
    difference,
    differenceInterval: { low: difference - 0.08, high: difference + 0.06 },
    pValue: worse ? 0.21 : 1e-9,
    verdict: worse ? "inconclusive" : "better",
    sentence: worse
      ? "No difference can be shown: 3 of 120 held-out cases right after training, 7 before."
      : `The tuned model is better: it gets ${tuned.passed} of 120 held-out cases right, the base model ${base.passed}.`,
    cases,
    fixed: cases.filter((one) => rank(one) === 0).length,
    broken: cases.filter((one) => rank(one) === 1).length,
  };
}

function wilson(passed: number, n: number) {
  const rate = passed / n;
  const middle = (rate + 1.92 / n) / (1 + 3.84 / n);
  const half = (1.96 * Math.sqrt((rate * (1 - rate)) / n + 0.96 / n ** 2)) / (1 + 3.84 / n);
  return { low: middle - half, high: middle + half };
}
