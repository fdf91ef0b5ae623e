/**
 * Several runs over a small grid of settings. "grid" trains each to its end; "halving" (successive halving, Jamieson and
 * Talwalkar 2016) trains all for a ninth of the steps, the best third on to a third, the best of those to the end, so
 * that the same time looks at more settings. Pure: what to try, and who goes on.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { parseRecipe, type Recipe } from "@/train/recipe";
import { recipeLeaves, withField } from "@/train/recipe-paths";

export const SweepPlan = z.object({
  /** Recipe field → values: { "optimizer.learningRate": [1e-4, 1e-3] } */
  grid: z.record(z.string(), z.array(z.unknown()).check(z.minLength(1), z.maxLength(20))),
  strategy: z._default(z.enum(["grid", "halving"]), "halving"),
  /** No run is begun after so many minutes. */
  minutes: z._default(z.number().check(z.positive()), 30),
});
export type SweepPlan = z.infer<typeof SweepPlan>;
export type SweepInput = z.input<typeof SweepPlan>;

export interface Trial {
  /** What it changes: { "optimizer.learningRate": 0.001 } */
  readonly changes: Readonly<Record<string, unknown>>;
  readonly recipe: Recipe;
}

/** One combination of a sweep, as far as it has come. */
export interface SweepRow {
  readonly changes: Readonly<Record<string, unknown>>;
  readonly state: "waiting" | "running" | "done" | "failed" | "stopped" | "out of time";
  /** Under which it is kept. */
  readonly run: string | null;
  readonly steps: number;
  readonly loss: number | null;
  readonly evalLoss: number | null;
  readonly seconds: number;
  /** Why it failed. */
  readonly message?: string;
}

const MOST_TRIALS = 64;
const SHARE = 3;

/** Every combination. Throws AppError "usage" for fields that do not exist and for too many combinations. */
export function trialsOf(plan: SweepPlan, recipe: Recipe): Trial[] {
  const known = recipeLeaves(recipe);
  const unknown = Object.keys(plan.grid).filter((field) => !known.has(field));
  if (unknown.length > 0) {
    throw new AppError("usage", `The recipe has no ${unknown.join(", ")}.`, {
      hint: "docs/recipe.md lists its fields.",
    });
  }
  let combinations: Record<string, unknown>[] = [{}];
  for (const [field, values] of Object.entries(plan.grid)) {
    combinations = combinations.flatMap((one) => values.map((value) => ({ ...one, [field]: value })));
    if (combinations.length > MOST_TRIALS) {
      throw new AppError("usage", `The grid has more than ${MOST_TRIALS} combinations.`, {
        hint: "Give fewer values.",
      });
    }
  }
  return combinations.map((changes) => {
    const changed = Object.entries(changes).reduce<object>(
      (sum, [field, value]) => withField(sum, field, value),
      recipe,
    );
    return { changes, recipe: parseRecipe(changed) };
  });
}

/** The steps at which runs are compared, the last of them the end. */
export function rungsOf({ strategy }: SweepPlan, { steps, warmup }: Recipe["schedule"]): number[] {
  if (strategy === "grid") return [steps];
  // While rates warm up nothing tells them apart. Whole multiples, so that an evaluation every so many steps falls on each.
  const first = Math.max(1, Math.round(steps / SHARE ** 2), 2 * warmup);
  return [...[first, SHARE * first].filter((step) => step < steps), steps];
}

/** Who goes on: the best third, at least one; those whose loss is no number never. */
export function survivors<T extends { readonly evalLoss: number | null }>(standing: readonly T[]): T[] {
  const sound = standing.filter(({ evalLoss }) => evalLoss !== null && Number.isFinite(evalLoss));
  const sorted = [...sound].sort((a, b) => (a.evalLoss ?? 0) - (b.evalLoss ?? 0));
  return sorted.slice(0, Math.max(1, Math.ceil(standing.length / SHARE)));
}
