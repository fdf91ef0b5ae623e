/** When going on helps no more: as many evaluations in a row as the recipe's patience were no better than the best. */
import { isBetter, type Measured } from "@/runs/record";
import type { Recipe } from "@/train/recipe";

export interface Judge {
  /** A sentence when it is time to end, else null. */
  hear(step: number, measured: Measured): string | null;
  /** What was measured at this very step. */
  measured(step: number): Measured;
}

const NOTHING: Measured = { evalLoss: null, passRate: null };

export function createJudge({ keep }: Pick<Recipe, "keep">): Judge {
  let best: { step: number; measured: Measured } | undefined;
  let last: { step: number; measured: Measured } | undefined;
  let worse = 0;
  return {
    hear: (step, measured) => {
      last = { step, measured };
      if (best === undefined || isBetter(measured, best.measured)) {
        best = last;
        worse = 0;
        return null;
      }
      worse++;
      if (keep.patience === 0 || worse < keep.patience) return null;
      return `Stopped early: the last ${worse} evaluations were no better than that of step ${best.step}.`;
    },
    measured: (step) => (last?.step === step ? last.measured : NOTHING),
  };
}
