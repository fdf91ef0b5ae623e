/** A run's beginning as rows for people: what began when and how long it took, then the device's share apart from ours. */
import { covered, FIRST_STEP, type Stretch } from "@/util/timeline";
import type { TimelineEvent } from "@/worker/api/timeline";

/** What took less is not worth a line. */
const SHORTEST_MS = 1;

export interface Beginning {
  /** Milliseconds from the request to the end of the first step. */
  readonly whole: number;
  /** Of these, without the first step on the device. */
  readonly ours: number;
  /** What both would be where the step runs at 1 TFLOP/s and all else as here; null where the step's work is not known. */
  readonly atTeraflop: number | null;
}

export function beginningOf({ run, ms, gflop }: TimelineEvent): Beginning {
  // What is compiled while the step runs already is waited for by nobody, and not counted as the device's either.
  const alone = covered(run) - covered(run.filter(({ name }) => name !== FIRST_STEP));
  const ours = ms - alone;
  return { whole: ms, ours, atTeraflop: gflop === null ? null : ours + gflop };
}

/** Columns: what, when it began, how long it took. */
export function timelineRows(event: TimelineEvent): string[][] {
  const { model, data, run, gflop } = event;
  const list = (title: string, stretches: readonly Stretch[]) =>
    stretches
      .filter(({ from, to }) => to - from >= SHORTEST_MS)
      .map(({ name, from, to }) => [`${title}: ${name}`, seconds(from), seconds(to - from)]);
  const { whole, ours, atTeraflop } = beginningOf(event);
  return [
    ["from the request to the first step", "began at", "took"],
    ...list("model", model),
    ...list("rows", data),
    ...list("run", run),
    ["request to first step", "", seconds(whole)],
    ["of these not waiting for the step", "", seconds(ours)],
    ...(atTeraflop === null || gflop === null
      ? []
      : [[`the same with the step's ${gflop.toFixed(1)} GFLOP at 1 TFLOP/s`, "", seconds(atTeraflop)]]),
  ];
}

const seconds = (ms: number) => `${(ms / 1000).toFixed(3)} s`;
