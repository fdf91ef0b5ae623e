/**
 * A run's log as the aligned columns that a chart wants: x first, then one list per series, null where there is
 * nothing. Pure. Long runs are smoothed whole and thinned after.
 */

import { learningRate, loss } from "@/ui/state/format";
import type { RunLog } from "@/ui/state/run-log";
import { describeCurve, smooth, smoothingWeight, thin } from "@/ui/state/series";

export type Column = readonly (number | null)[];
export interface ChartFrame {
  readonly columns: readonly Column[];
  /** The sentence that says the same as the picture. */
  readonly summary: string;
}

const MOST_POINTS = 1200;

/** Columns: step, raw loss, smoothed loss, held-out loss, held-out loss of the base model. */
export function lossFrame({ steps, evals, total }: RunLog): ChartFrame {
  const raw = steps.map((event) => event.loss);
  const soft = smooth(raw, smoothingWeight(total));
  const rows = new Map<number, [number | null, number | null, number | null]>();
  for (const index of thin(raw, MOST_POINTS)) {
    const event = steps[index];
    if (event) rows.set(event.step, [finite(event.loss), finite(soft[index]), null]);
  }
  for (const { step, value } of evals) {
    const row = rows.get(step) ?? [null, null, null];
    rows.set(step, [row[0], row[1], finite(value)]);
  }
  const baseline = finite(evals[0]?.value);
  const sorted = [...rows].sort(([a], [b]) => a - b);
  // The reference line spans the whole width, also where the run has not come yet.
  if (baseline !== null && (sorted.at(-1)?.[0] ?? 0) < total) sorted.push([total, [null, null, null]]);
  const heldOut = evals.map((point) => point.value);
  return {
    columns: [
      sorted.map(([step]) => step),
      ...([0, 1, 2] as const).map((column) => sorted.map(([, row]) => row[column])),
      sorted.map(() => baseline),
    ],
    summary: `Training loss ${describeCurve(soft, loss)}; held-out loss ${describeCurve(heldOut, loss)}.`,
  };
}

/** Columns: step, learning rate so far, and the one that is planned, from the step that was last. */
export function rateFrame({ steps, rates }: RunLog): ChartFrame {
  const done = steps.at(-1)?.step ?? 0;
  const rows = new Map<number, [number | null, number | null]>();
  const values = steps.map((event) => event.lr);
  for (const index of thin(values, MOST_POINTS)) rows.set(steps[index]?.step ?? 0, [finite(values[index]), null]);
  const ahead = rates.slice(Math.max(0, done - 1));
  for (const index of thin(ahead, MOST_POINTS)) {
    const step = Math.max(1, done) + index;
    rows.set(step, [rows.get(step)?.[0] ?? null, finite(ahead[index])]);
  }
  const sorted = [...rows].sort(([a], [b]) => a - b);
  const last = rates.at(-1);
  const plan = last === undefined || done >= rates.length ? "" : `, planned to end at ${learningRate(last)}`;
  return {
    columns: [sorted.map(([step]) => step), sorted.map(([, row]) => row[0]), sorted.map(([, row]) => row[1])],
    summary: `Learning rate ${describeCurve(values, learningRate)}${plan}.`,
  };
}

export function gradientFrame({ steps }: RunLog): ChartFrame {
  const values = steps.map((event) => event.gradNorm);
  return lineFrame(steps, values, `Gradient norm ${describeCurve(values, (value) => value.toFixed(2))}.`);
}

/** Scalars worth a chart of their own, in the order of their charts. */
const CHARTED: readonly (readonly [name: string, title: string])[] = [
  ["reward", "Reward"],
  ["reward_std", "Spread of rewards"],
  ["frac_reward_zero_std", "Groups with nothing to learn"],
  ["completions/mean_length", "Tokens of an answer"],
  ["completions/clipped_ratio", "Answers cut short"],
  ["kl", "Distance from the start"],
  ["clip_ratio/region_mean", "Clipped tokens"],
  ["rewards/accuracies", "Chosen above rejected"],
  ["rewards/margins", "Margin of chosen over rejected"],
  ["rewards/chosen", "Reward of chosen"],
  ["rewards/rejected", "Reward of rejected"],
];

/** One chart for each scalar that the method reports. */
export function scalarFrames({ steps }: RunLog): (ChartFrame & { readonly title: string })[] {
  const reported = steps.at(-1)?.scalars ?? {};
  return CHARTED.filter(([name]) => reported[name] !== undefined).map(([name, title]) => {
    const values = steps.map(({ scalars }) => scalars?.[name] ?? Number.NaN);
    return { title, ...lineFrame(steps, values, `${title} ${describeCurve(values, (value) => value.toFixed(2))}.`) };
  });
}

function lineFrame(steps: RunLog["steps"], values: readonly number[], summary: string): ChartFrame {
  const kept = thin(values, MOST_POINTS);
  return {
    columns: [kept.map((index) => steps[index]?.step ?? 0), kept.map((index) => finite(values[index]))],
    summary,
  };
}

function finite(value: number | undefined): number | null {
  return value !== undefined && Number.isFinite(value) ? value : null;
}
