/** A job's figures as people read them. Pure. */
import { dollars } from "@/offload/job";
import type { PlanRow } from "@/offload/plan";
import type { JobProgress } from "@/offload/progress";
import type { Span } from "@/offload/work";
import { duration } from "@/ui/state/format";

const STAGES: Readonly<Record<string, string>> = {
  SCHEDULING: "waiting for a machine",
  RUNNING: "running",
  COMPLETED: "done",
  CANCELED: "cancelled",
  ERROR: "failed",
  DELETED: "deleted",
};
export const stageWords = (stage: string) => STAGES[stage] ?? stage.toLowerCase();

export const WEIGHTS: Readonly<Record<PlanRow["weights"], string>> = { lora: "LoRA", qlora: "QLoRA", full: "Full" };

/** "1 h 05 min to 3 h 10 min"; to the minute, since it is an estimate. */
export function timeSpan({ low, high }: Span): string {
  const [from, to] = [low, high].map((seconds) => duration(Math.max(60, Math.round(seconds / 60) * 60)));
  return from === to ? `${to}` : `${from} to ${to}`;
}

export function moneySpan({ low, high }: Span): string {
  const [from, to] = [dollars(low), dollars(high)];
  return from === to ? to : `${from} to ${to}`;
}

export const PHASES = ["waiting", "loading", "training", "evaluating", "converting", "done"] as const;
export const PHASE_WORDS: Readonly<Record<JobProgress["phase"], string>> = {
  waiting: "Waiting for a machine",
  loading: "Loading",
  training: "Training",
  evaluating: "Evaluating",
  converting: "Converting",
  done: "Done",
};

/** The GPUs of a row: "A100 × 4". */
export const gpuWords = ({ gpu, gpus }: Pick<PlanRow, "gpu" | "gpus">) => (gpus > 1 ? `${gpu} × ${gpus}` : gpu);
