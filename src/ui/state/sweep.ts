/** Looking for settings: the range test's curve and what it says, and the runs of a sweep as they come. */
import { computed, signal } from "@preact/signals";
import type { RatePoint, RateReading } from "@/explain/rate-range";
import type { SweepInput, SweepRow } from "@/runs/sweep";
import { attempt, session } from "@/ui/state/core";
import { draft, recipe } from "@/ui/state/recipe";

export const ratePoints = signal<readonly RatePoint[]>([]);
export const rateReading = signal<RateReading | null>(null);
export const sweepRows = signal<readonly SweepRow[]>([]);

export interface SweepForm {
  readonly rates: string;
  readonly ranks: string;
  readonly minutes: number;
  readonly strategy: "halving" | "grid";
}
export const form = signal<SweepForm>({ rates: "", ranks: "", minutes: 10, strategy: "halving" });

/** "1e-4, 1e-3" → [1e-4, 1e-3]; null when a part is no positive number. */
export function numbersOf(text: string): number[] | null {
  const parts = text.split(/[,\s]+/).filter((part) => part !== "");
  const values = parts.map(Number);
  return values.every((value) => Number.isFinite(value) && value > 0) ? values : null;
}

/** A third, the rate of the recipe, three times: what a first sweep usually wants. */
export const usualRates = computed(() => {
  const { learningRate } = draft.value.optimizer;
  return [learningRate / 3, learningRate, learningRate * 3].map((rate) => Number(rate.toPrecision(2)));
});

/** What the form asks for; null while it is wrong or empty. */
export const plan = computed<SweepInput | null>(() => {
  const { rates, ranks, minutes, strategy } = form.value;
  const [wantedRates, wantedRanks] = [numbersOf(rates || usualRates.value.join(", ")), numbersOf(ranks)];
  if (wantedRates === null || wantedRanks === null || !(minutes > 0)) return null;
  const grid: Record<string, unknown[]> = {};
  if (wantedRates.length > 0) grid["optimizer.learningRate"] = wantedRates;
  if (wantedRanks.length > 0) grid["lora.rank"] = wantedRanks;
  return Object.keys(grid).length > 0 ? { grid, minutes, strategy } : null;
});

export function findRate(): Promise<boolean> {
  return attempt("sweep", async () => {
    if (recipe.value === null) return;
    ratePoints.value = [];
    rateReading.value = null;
    rateReading.value = await session().findRate(recipe.value, (point) => {
      ratePoints.value = [...ratePoints.value, point];
    });
  });
}

export function startSweep(): Promise<boolean> {
  return attempt("sweep", async () => {
    if (recipe.value === null || plan.value === null) return;
    sweepRows.value = await session().sweep(plan.value, recipe.value, (rows) => {
      sweepRows.value = rows;
    });
  });
}

export function stopSweep(): void {
  void session().stop();
}
