/**
 * What is measured beside what decides: assertions that a suite gives a `metric` name to, and of pass rate and mean score the
 * one that was not declared. Their p-values are adjusted for how many they are (Holm), over all pairs of arms.
 */
import type { Interval } from "@/worker/api/comparison";
import { type Decision, pairUp } from "./paired";
import type { Answer, ArmAnswers } from "./run-arms";
import { bcaInterval, mean, signFlipP } from "./statistics/bootstrap";
import { byCase } from "./statistics/clusters";
import { holm } from "./statistics/many";

export interface SecondaryMetric {
  readonly metric: string;
  readonly before: string;
  readonly after: string;
  /** Cases on which both arms have a value. */
  readonly cases: number;
  readonly means: readonly [number, number];
  readonly difference: number;
  readonly interval: Interval;
  readonly pValue: number;
  readonly pHolm: number;
}

type Measure = (answer: Answer) => number | undefined;

const MOST_METRICS = 20;

export function secondaryMetrics(
  pairs: readonly (readonly [ArmAnswers, ArmAnswers])[],
  { metric: declared }: Pick<Decision, "metric">,
  seed: number,
): SecondaryMetric[] {
  const found = pairs.flatMap(([before, after]) =>
    measuresOf([...before.answers, ...after.answers], declared).flatMap(([metric, measure]) => {
      const differences = differencesOf(before.answers, after.answers, measure);
      if (differences.length < 2) return [];
      const means = [0, 1].map((side) => mean(differences.map((one) => one[side] ?? 0))) as [number, number];
      const values = differences.map(([a, b]) => b - a);
      const figures = { metric, before: before.arm, after: after.arm, cases: values.length, means };
      const told = { difference: mean(values), interval: bcaInterval(values, { seed }) };
      return [{ ...figures, ...told, pValue: signFlipP(values, { seed }) }];
    }),
  );
  const adjusted = holm(found.map(({ pValue }) => pValue));
  return found.map((one, i) => ({ ...one, pHolm: adjusted[i] ?? 1 }));
}

function measuresOf(answers: readonly Answer[], declared: Decision["metric"]): [string, Measure][] {
  const names = [...new Set(answers.flatMap(({ metrics = {} }) => Object.keys(metrics)))].slice(0, MOST_METRICS);
  const partial = answers.some(({ score }) => !Number.isInteger(score));
  const other: [string, Measure][] =
    declared === "mean score" ? [["pass rate", ({ pass }) => Number(pass)]] : [["mean score", ({ score }) => score]];
  return [
    ...(partial ? other : []),
    ...names.map((name): [string, Measure] => [name, ({ metrics }) => metrics?.[name]]),
  ];
}

/** Of each case, both arms' means over its repeats. */
function differencesOf(before: readonly Answer[], after: readonly Answer[], measure: Measure): [number, number][] {
  const values = pairUp(before, after).pairs.flatMap(({ a, b }) => {
    const [x, y] = [measure(a), measure(b)];
    return x === undefined || y === undefined ? [] : [{ caseId: a.caseId, x, y }];
  });
  return [...byCase(values).values()].map((group) => [mean(group.map(({ x }) => x)), mean(group.map(({ y }) => y))]);
}
