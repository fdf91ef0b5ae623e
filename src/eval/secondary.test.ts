import { expect, test } from "vitest";
import { judge } from "./assertions/judge";
import type { ArmAnswers } from "./run-arms";
import { secondaryMetrics } from "./secondary";

const check = (value: string, metric: string, weight = 1) => ({
  ...{ type: "contains" as const, not: false, value, weight, metric },
});

test("scores of one name are their weighted mean; those without weight and those of a set are measured too", async () => {
  const set = { type: "assert-set" as const, not: false, weight: 1, assert: [check("deep", "inner")] };
  const assertions = [check("a", "tone", 3), check("z", "tone"), check("b", "facts", 0), set];
  const { metrics, pass } = await judge("a b deep", assertions, undefined, { vars: {} }, null);
  expect(metrics).toEqual({ tone: 0.75, facts: 1, inner: 1 });
  expect(pass).toBe(false);
});

const arm = (name: string, metrics: (i: number) => Record<string, number>): ArmAnswers => ({
  ...{ arm: name, provider: "p" },
  answers: Array.from({ length: 30 }, (_, i) => ({
    ...{ caseId: `${i}`, repeat: 0, status: "ok" as const, text: "", pass: true, score: 1, reason: "" },
    ...{ promptTokens: null, completionTokens: null, latencyMs: 1, metrics: metrics(i) },
  })),
});

test("each metric has its own difference, and p-values for asking about all of them", () => {
  const base = arm("base", () => ({ tone: 0, facts: 0.5, length: 0.5 }));
  const tuned = arm("tuned", (i) => ({ tone: i < 24 ? 1 : 0, facts: 0.5, length: i % 2 === 0 ? 0.6 : 0.4 }));
  const found = secondaryMetrics([[base, tuned]], { metric: "pass rate" }, 1);
  expect(found.map(({ metric, difference }) => [metric, Number(difference.toFixed(6))])).toEqual([
    ["tone", 0.8],
    ["facts", 0],
    ["length", 0],
  ]);
  const [tone, facts, length] = found;
  expect(tone?.means).toEqual([0, 0.8]);
  expect(tone?.interval.low).toBeGreaterThan(0.5);
  // Holm: the smallest of three times three.
  expect(tone?.pHolm).toBeCloseTo(3 * (tone?.pValue ?? 0), 12);
  expect([facts?.pHolm, length?.pHolm]).toEqual([1, 1]);
  expect(secondaryMetrics([[base, tuned]], { metric: "mean score" }, 1)).toEqual(found);
});
