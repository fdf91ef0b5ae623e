/**
 * Learning-rate schedules as transformers defines them (optimization.py): a linear warm-up to the peak, then constant,
 * linear to 0, or half a cosine to 0. `step` counts from 0, so the first step of a warm-up has rate 0.
 */
import type { Recipe } from "@/train/recipe";

/** Factor of the peak rate at `step` of `steps`, 0 to 1. */
export function scheduleFactor({ kind, warmup, steps }: Recipe["schedule"], step: number): number {
  if (step < warmup) return step / Math.max(1, warmup);
  if (kind === "constant") return 1;
  const progress = (step - warmup) / Math.max(1, steps - warmup);
  if (kind === "linear") return Math.max(0, 1 - progress);
  return Math.max(0, 0.5 * (1 + Math.cos(Math.PI * progress)));
}
