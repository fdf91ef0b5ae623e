/**
 * A run as the page remembers it: events folded into plain data, and the words made from them.
 * Pure, so that the title, the live region and the charts can be tested without a screen.
 */

import type { RunRecord } from "@/runs/record";
import { duration, loss, percent } from "@/ui/state/format";
import type { Point } from "@/ui/state/series";
import type { ProbeReport } from "@/worker/api/probe";
import type { RunEvent, Sample } from "@/worker/api/run";
import type { TimelineEvent } from "@/worker/api/timeline";

export type Phase = Extract<RunEvent, { type: "phase" }>["phase"];
export type StepEvent = Extract<RunEvent, { type: "step" }>;

export interface SampleSet {
  readonly step: number;
  readonly samples: readonly Sample[];
}

/** Of held-out rows; the value is the loss, NaN where there is none. */
export interface EvalPoint extends Point {
  readonly scalars?: Readonly<Record<string, number>> | undefined;
}

export interface RunLog {
  readonly phase: Phase;
  /** Steps that the recipe asks for. */
  readonly total: number;
  /** Learning rate of every step as the recipe plans it. */
  readonly rates: readonly number[];
  readonly steps: readonly StepEvent[];
  readonly evals: readonly EvalPoint[];
  readonly samples: readonly SampleSet[];
  readonly warnings: readonly string[];
  readonly probe: ProbeReport | null;
  /** Known behind the first step. */
  readonly timeline: TimelineEvent | null;
}

export function startLog(total: number, rates: readonly number[] = []): RunLog {
  return {
    phase: "compile",
    total,
    rates,
    steps: [],
    evals: [],
    samples: [],
    warnings: [],
    probe: null,
    timeline: null,
  };
}

export function applyEvents(log: RunLog, events: readonly RunEvent[]): RunLog {
  const steps: StepEvent[] = [];
  const evals: EvalPoint[] = [];
  const samples: SampleSet[] = [];
  const warnings: string[] = [];
  let phase = log.phase;
  let { probe, timeline } = log;
  for (const event of events) {
    if (event.type === "phase") phase = event.phase;
    else if (event.type === "step") steps.push(event);
    else if (event.type === "eval")
      evals.push({ step: event.step, value: event.loss ?? Number.NaN, scalars: event.scalars });
    else if (event.type === "samples") samples.push({ step: event.step, samples: event.samples });
    else if (event.type === "probe") probe = event.report;
    else if (event.type === "timeline") timeline = event;
    else warnings.push(event.message);
  }
  return {
    phase,
    probe,
    timeline,
    total: log.total,
    rates: log.rates,
    steps: append(log.steps, steps),
    evals: append(log.evals, evals),
    samples: append(log.samples, samples),
    warnings: append(log.warnings, warnings),
  };
}

/** Curves that are fields of an event; all others are scalars that a method reports. */
const FIELDS = new Set(["loss", "grad_norm", "learning_rate", "tokens_per_second", "eval_loss"]);
const isHeld = (name: string) => name.startsWith("eval_");

/** What a kept run showed until `step`, as the beginning of one that goes on to `total`. */
export function logOfRun(
  { series, samples }: Pick<RunRecord, "series" | "samples">,
  step: number,
  total: number,
  rates: readonly number[] = [],
): RunLog {
  const at = (name: string, step: number) => {
    const i = series[name]?.steps.indexOf(step) ?? -1;
    return series[name]?.values[i] ?? Number.NaN;
  };
  const steps = (series.loss?.steps ?? []).filter((done) => done <= step);
  // Of methods without a held-out loss, held-out scalars alone.
  const measured = new Set(Object.keys(series).flatMap((name) => (isHeld(name) ? (series[name]?.steps ?? []) : [])));
  const scalarsAt = (prefix: string, done: number) =>
    Object.fromEntries(
      Object.keys(series)
        .filter((name) => name.startsWith(prefix) && isHeld(name) === (prefix !== "") && !FIELDS.has(name))
        .map((name) => [name.slice(prefix.length), at(name, done)])
        .filter(([, value]) => Number.isFinite(value)),
    );
  return {
    ...startLog(total, rates),
    steps: steps.map((done) => ({
      type: "step",
      step: done,
      loss: at("loss", done),
      gradNorm: at("grad_norm", done),
      lr: at("learning_rate", done),
      tokensPerSecond: at("tokens_per_second", done),
      scalars: scalarsAt("", done),
    })),
    evals: [...measured]
      .filter((done) => done <= step)
      .sort((a, b) => a - b)
      .map((done) => ({ step: done, value: at("eval_loss", done), scalars: scalarsAt("eval_", done) })),
    samples: samples.filter((set) => set.step <= step),
  };
}

/** The same list when nothing was added, so that what depends on it does not redraw. */
function append<T>(list: readonly T[], more: readonly T[]): readonly T[] {
  return more.length === 0 ? list : [...list, ...more];
}

export function stepsDone(log: RunLog): number {
  return log.steps.at(-1)?.step ?? 0;
}

export function fractionDone(log: RunLog): number {
  return log.total === 0 ? 0 : Math.min(1, stepsDone(log) / log.total);
}

const PHASE_WORDS: Record<Phase, string> = {
  compile: "Preparing the program",
  train: "Training",
  evaluate: "Measuring on held-out rows",
  paused: "Paused",
  done: "Finished",
};

export function phaseWords(log: RunLog): string {
  return PHASE_WORDS[log.phase];
}

export function timeLeft(log: RunLog): string {
  const eta = log.steps.at(-1)?.eta;
  return eta === undefined || log.phase === "done" ? "" : `${duration(eta)} left`;
}

/** What stands in the tab: "37 % · 2 min left". */
export function titleOf(log: RunLog): string {
  if (log.phase === "compile") return "Preparing…";
  const left = log.phase === "paused" ? "paused" : timeLeft(log);
  return left === "" ? percent(fractionDone(log)) : `${percent(fractionDone(log))} · ${left}`;
}

/** What a screen reader hears between two states of a run: the start, each tenth, the end; else nothing. */
export function announcement(before: RunLog | null, after: RunLog): string {
  if (before === null) return `Training started: ${after.total} steps.`;
  if (after.phase === "done" && before.phase !== "done") {
    const last = after.steps.at(-1);
    return last ? `Training finished at step ${last.step}. Loss ${loss(last.loss)}.` : "Training finished.";
  }
  if (after.phase === "paused" && before.phase !== "paused") return `Paused at step ${stepsDone(after)}.`;
  const tenth = Math.floor(fractionDone(after) * 10);
  if (tenth === Math.floor(fractionDone(before) * 10) || tenth === 10) return "";
  const left = timeLeft(after);
  return `${tenth * 10} percent${left === "" ? "" : `, ${left}`}.`;
}
