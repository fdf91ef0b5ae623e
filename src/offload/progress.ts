/** How far a job is, from the lines of its log: what a screen draws, and what its end is explained by. */
import { addPoint } from "@/runs/curves";
import type { RunRecord } from "@/runs/record";
import type { LogEvent, PHASES } from "./job-log";

export interface JobProgress {
  readonly phase: (typeof PHASES)[number] | "waiting";
  readonly note: string;
  /** Of the whole; null until the script says it. */
  readonly totalSteps: number | null;
  readonly step: number;
  readonly loss: number | null;
  /** As a kept run has them. */
  readonly series: RunRecord["series"];
  /** The last thing that the script called an error. */
  readonly error: string;
  /** The script said that its result is written. */
  readonly hasResult: boolean;
}

export const noProgress = (): JobProgress => ({
  ...{ phase: "waiting", note: "", totalSteps: null, step: 0, loss: null, series: {}, error: "", hasResult: false },
});

export function progressed(before: JobProgress, event: LogEvent): JobProgress {
  switch (event.burnish) {
    case "phase":
      return { ...before, phase: event.phase, note: event.message };
    case "start":
      return { ...before, phase: "training", totalSteps: event.steps };
    case "step": {
      const series = withPoints(before.series, event.step, event.values);
      return { ...before, phase: "training", step: event.step, loss: event.values.loss ?? before.loss, series };
    }
    case "eval":
      return { ...before, series: withPoints(before.series, event.step, event.values) };
    case "error":
      return { ...before, error: event.message };
    case "result":
      return { ...before, phase: "done", hasResult: true };
  }
}

/** The curves grow in place, as a long run has many points; the object around them is new, so that a screen sees it. */
function withPoints(series: RunRecord["series"], step: number, values: Readonly<Record<string, number | null>>) {
  for (const [name, value] of Object.entries(values)) addPoint(series, name, step, value ?? Number.NaN);
  return { ...series };
}
