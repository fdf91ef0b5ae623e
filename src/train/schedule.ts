/**
 * Learning-rate schedules as transformers defines them (optimization.py): a linear warm-up to the peak, then one of
 *
 *   constant             1
 *   linear               1 - p                                p from 0 to 1 over the steps after the warm-up
 *   cosine               c(p)·(1 - minimum) + minimum         c(p) = ½ (1 + cos πp)
 *   warmup_stable_decay  1, and over the last `decay` steps as cosine; its warm-up starts from the minimum too
 *
 * `step` counts from 0, so that the first step of a warm-up from 0 has rate 0.
 */
import type { Recipe } from "@/train/recipe";

type Schedule = Recipe["schedule"];

/** Factor of the peak rate at `step` of `steps`, 0 to 1. */
export function scheduleFactor(schedule: Schedule, step: number): number {
  const { kind, warmup, steps, minimum } = schedule;
  const above = (factor: number) => factor * (1 - minimum) + minimum;
  if (step < warmup) {
    const climbed = step / Math.max(1, warmup);
    return kind === "warmup_stable_decay" ? above(climbed) : climbed;
  }
  if (kind === "constant") return 1;
  const falling = kind === "warmup_stable_decay" ? Math.min(decaySteps(schedule), steps - warmup) : steps - warmup;
  const progress = Math.max(0, step - (steps - falling)) / Math.max(1, falling);
  return kind === "linear" ? Math.max(0, 1 - progress) : above(0.5 * (1 + Math.cos(Math.PI * progress)));
}

/** Length of the fall of warmup_stable_decay: those named, or a fifth of the run. */
export function decaySteps({ decay, steps }: Schedule): number {
  return decay > 0 ? decay : Math.max(1, Math.round(steps / 5));
}

/** The learning rate of every step of a run. */
export function plannedRates({ optimizer, schedule }: Pick<Recipe, "optimizer" | "schedule">): number[] {
  return Array.from({ length: schedule.steps }, (_, step) => optimizer.learningRate * scheduleFactor(schedule, step));
}
