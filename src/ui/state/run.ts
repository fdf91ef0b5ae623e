/** The current run: its log, its result, and the three things a person can do to it. */
import { signal } from "@preact/signals";
import { plannedRates } from "@/train/schedule";
import { setAdapter } from "@/ui/state/adapter";
import { activity, attempt, report, session } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { isPlanned, refreshPlan } from "@/ui/state/plan";
import { recipe } from "@/ui/state/recipe";
import { announcement, applyEvents, type Phase, type RunLog, startLog } from "@/ui/state/run-log";
import type { RunEvent, RunResult } from "@/worker/api/run";

export const runLog = signal<RunLog | null>(null);
export const runResult = signal<RunResult | null>(null);
/** What the polite live region says; set only when there is something to hear. */
export const spoken = signal("");
/** True between the press of stop and the end of the step that was going on. */
export const stopping = signal(false);
/** The same for a pause. */
export const pausing = signal(false);

const SAMPLES = 4;
/** In the browser's own timeline, beside its frames and network: the button, and the first step on the screen. */
const ASKED = "training asked for";
const FIRST_SHOWN = "first step";

export function train(): Promise<boolean> {
  return attempt("run", async () => {
    const wanted = recipe.value;
    if (wanted === null) return;
    performance.mark(ASKED);
    runResult.value = null;
    stopping.value = false;
    setAdapter(null);
    // Shown for its own sake: a plan that fails, or does not fit, is told by the training itself.
    if (!isPlanned(wanted)) await refreshPlan().catch(() => undefined);
    const samples = wanted.evaluate.samples;
    const prompts = samples.length > 0 ? samples : (dataset.value?.samplePrompts ?? []).slice(0, SAMPLES);
    const full = { ...wanted, evaluate: { ...wanted.evaluate, samples: prompts } };
    await watch(startLog(wanted.schedule.steps, plannedRates(wanted)), (onEvent) => session().train(full, onEvent));
  });
}

/** A run that starts from what another one left: its log begins where that one stands. */
export function goOn(log: RunLog, ask: (onEvent: OnEvents) => Promise<RunResult>): Promise<boolean> {
  return attempt("run", async () => {
    performance.mark(ASKED);
    runResult.value = null;
    stopping.value = false;
    await watch(log, ask);
  });
}

type OnEvents = (events: readonly RunEvent[]) => void;

async function watch(log: RunLog, ask: (onEvent: OnEvents) => Promise<RunResult>): Promise<void> {
  spoken.value = announcement(null, log);
  runLog.value = log;
  const result = await ask((events) => {
    const before = runLog.value ?? log;
    const after = applyEvents(before, events);
    if (before.timeline === null && after.timeline !== null) performance.measure(FIRST_SHOWN, ASKED);
    const words = announcement(before, after);
    if (words !== "") spoken.value = words;
    runLog.value = after;
  });
  finish(result);
}

/** The result may overtake the last batch of events, so the end is told from it and not from a phase. */
function finish(result: RunResult): void {
  const before = runLog.value;
  if (before && before.phase !== "done") {
    const after = applyEvents(before, [{ type: "phase", phase: "done" }]);
    spoken.value = announcement(before, after);
    runLog.value = after;
  }
  runResult.value = result;
  const { trains: kind, lora } = result.recipe;
  setAdapter({ origin: "trained", kind, rank: lora.rank, alpha: lora.alpha });
}

/** A pause is shown when the session has taken it, not only when the next event happens to say so. */
function showPhase(phase: Phase): void {
  const before = runLog.value;
  if (before === null || activity.value !== "run" || before.phase === "done") return;
  const after = applyEvents(before, [{ type: "phase", phase }]);
  spoken.value = announcement(before, after) || spoken.value;
  runLog.value = after;
}

export async function control(what: "pause" | "resume" | "stop"): Promise<void> {
  try {
    if (what === "stop") stopping.value = true;
    if (what === "pause") pausing.value = true;
    await session()[what]();
    if (what !== "stop") showPhase(what === "pause" ? "paused" : "train");
  } catch (error) {
    report("run", error);
  } finally {
    pausing.value = false;
  }
}
