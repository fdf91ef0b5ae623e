/** What a run of the current recipe would take in memory: asked again, a moment after the last change of the form. */
import { effect, signal } from "@preact/signals";
import type { Recipe } from "@/train/recipe";
import { activity, report, session } from "@/ui/state/core";
import { dataset } from "@/ui/state/dataset";
import { model } from "@/ui/state/model";
import { recipe } from "@/ui/state/recipe";
import type { MemoryPlan } from "@/worker/api/device";

export const plan = signal<MemoryPlan | null>(null);
/** What it is the plan of. */
let planned: Recipe | null = null;

export function watchPlan(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return effect(() => {
    const wanted = recipe.value;
    const ready = model.value !== null && dataset.value !== null && activity.value === null;
    clearTimeout(timer);
    if (!ready || wanted === null) return;
    timer = setTimeout(() => refreshPlan().catch((error) => report("recipe", error)), 250);
  });
}

export const isPlanned = (wanted: Recipe): boolean => planned === wanted;

export async function refreshPlan(): Promise<void> {
  const wanted = recipe.value;
  if (wanted === null) return;
  const answer = await session().plan(wanted);
  if (recipe.value !== wanted) return;
  plan.value = answer;
  planned = wanted;
}
