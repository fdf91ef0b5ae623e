/** The learning-rate range test on the open model and data, with an adapter of its own: what is loaded stays as it is. */
import type { Dataset } from "@/data/dataset-types";
import { AppError } from "@/errors";
import type { Sandbox } from "@/eval/sandbox/sandbox";
import { type RatePoint, type RateReading, rateLadder, readRange } from "@/explain/rate-range";
import { memoryPlan, requireFit } from "@/session/ledger";
import { trainMethod } from "@/session/method";
import type { OpenModel } from "@/session/open-model";
import { workloadOf } from "@/session/run";
import { startOf } from "@/session/trained";
import type { Recipe } from "@/train/recipe";

const LOWEST = 1e-6;
const HIGHEST = 1;
const STEPS = 60;
/** A curve this far above its lowest point has nothing more to tell. */
const ENOUGH = 4;

export async function findRate(
  model: OpenModel,
  dataset: Dataset,
  wanted: Recipe,
  { stopped, sandbox }: { readonly stopped: () => boolean; readonly sandbox: Sandbox },
  onPoint: (point: RatePoint, total: number) => void,
): Promise<RateReading & { readonly points: readonly RatePoint[] }> {
  const { target, formats } = model.runtime;
  const recipe: Recipe = {
    ...wanted,
    start: wanted.start === "scratch" ? "scratch" : "new",
    schedule: { ...wanted.schedule, steps: STEPS, warmup: 0 },
    evaluate: { ...wanted.evaluate, every: 0 },
  };
  // Held-out rows are not looked at: the test is about the training loss.
  const rows: Dataset = { ...dataset, eval: [], ...(dataset.pairs ? { pairs: { ...dataset.pairs, held: [] } } : {}) };
  requireFit(memoryPlan(model.arch, formats, recipe, workloadOf(model, rows, recipe), target.limits));
  const trained = await startOf(model, recipe, "parameters of the range test");
  const ladder = rateLadder(LOWEST, HIGHEST, STEPS);
  const points: RatePoint[] = [];
  let lowest = Number.POSITIVE_INFINITY;
  let over = false;
  try {
    const events = trainMethod(model, rows, recipe, trained, {
      sandbox,
      rate: (step) => ladder[step] ?? HIGHEST,
      ends: () => over || stopped(),
    });
    for await (const event of events) {
      if (event.type !== "step") continue;
      const point = { rate: event.lr, loss: event.loss };
      points.push(point);
      onPoint(point, STEPS);
      lowest = Math.min(lowest, event.loss);
      over = event.loss > ENOUGH * lowest && points.length > 5;
    }
  } catch (error) {
    // To explode is what the upper end is for.
    if (!(error instanceof AppError) || error.code !== "run/diverged") throw error;
  } finally {
    target.free(trained.buffer);
  }
  return { ...readRange(points), points };
}
