/** How far a job is, from the lines of its log: what a screen draws, and what its end is explained by. */
import { addPoint } from "@/runs/curves";
import type { RunRecord } from "@/runs/record";
import { plainLine } from "@/util/plain-text";
import type { LogEvent } from "./job-log";

export interface JobProgress {
  readonly phase: "waiting" | "loading" | "training" | "evaluating" | "converting" | "done";
  /** Of the whole; null until the script says it. */
  readonly totalSteps: number | null;
  readonly step: number;
  readonly loss: number | null;
  /** As a kept run has them. */
  readonly series: RunRecord["series"];
  /** Of the last checkpoint that was written. */
  readonly checkpoint: number | null;
  /** The last thing that the script, or Python, called an error. */
  readonly error: string;
  /** The script said that its result is written. */
  readonly hasResult: boolean;
}

export const noProgress = (): JobProgress => ({
  ...{ phase: "waiting", totalSteps: null, step: 0, loss: null, series: {}, checkpoint: null },
  ...{ error: "", hasResult: false },
});

export function progressed(before: JobProgress, event: LogEvent): JobProgress {
  switch (event.type) {
    case "start":
      return { ...before, phase: "training", totalSteps: event.steps, step: event.step };
    case "step": {
      const series = withPoints(before.series, event.step, event.values);
      return { ...before, phase: "training", step: event.step, loss: event.values.loss ?? before.loss, series };
    }
    case "eval":
      return { ...before, series: withPoints(before.series, event.step, event.values) };
    case "checkpoint":
      return { ...before, checkpoint: event.step };
    case "trained":
      return { ...before, phase: "evaluating", step: event.step };
    case "answered":
      return { ...before, phase: "evaluating" };
    case "gguf":
      return { ...before, phase: "converting" };
    case "error":
      return { ...before, error: event.message };
    case "interrupted":
      return before;
    case "done":
      return { ...before, phase: "done", hasResult: true };
  }
}

/** A line that is no event may still tell why a job dies: Python's last words. */
export function heard(before: JobProgress, line: string): JobProgress {
  const found = /^(?:[\w.]+\.)?(\w*(?:Error|Exception|Interrupt)): (.{1,500})/.exec(line.trim());
  if (found) return { ...before, error: plainLine(`${found[1]}: ${found[2]}`) };
  return before.phase === "waiting" ? { ...before, phase: "loading" } : before;
}

const MOST_CURVES = 200;

/** The curves grow in place, as a long run has many points; the object around them is new, so that a screen sees it. */
function withPoints(series: RunRecord["series"], step: number, values: Readonly<Record<string, number | null>>) {
  const known = (name: string) => Object.hasOwn(series, name);
  for (const [name, value] of Object.entries(values))
    if (known(name) || (Object.keys(series).length < MOST_CURVES && !(name in series)))
      addPoint(series, name, step, value ?? Number.NaN);
  return { ...series };
}
