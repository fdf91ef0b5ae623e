/**
 * What a run will compute, seen before it does: on a GPU the pipelines of steps to come are made beside whatever else is
 * done, so that neither the first step nor the first one of another size waits for a compiler. Pipelines hold no memory of
 * the device; a recipe that changes meanwhile asks for its own.
 */
import { countFlops } from "@/bench/flops";
import type { Dataset } from "@/data/dataset-types";
import { type Bucket, bucketFor, packBatch } from "@/data/pack";
import type { Program } from "@/graph/target";
import { type Trainable, trainableOf } from "@/model/trainable";
import { methodWork, windowsOf } from "@/session/method";
import type { OpenModel } from "@/session/open-model";
import { updatingOf } from "@/train/optimizers";
import type { Item } from "@/train/packing";
import { optimizerProgram, passProgram } from "@/train/programs";
import type { Recipe } from "@/train/recipe";

export interface Foresight {
  /**
   * Has pipelines made of the steps before this one: of the first ones all, then of one more size with each call. Where that
   * fails, the run will say so.
   */
  until(step: number): void;
  /** 10⁹ operations that products and attention of the next step take; null where they follow from what is sampled. */
  gflop(): number | null;
}

/** `done`: steps that the run goes on from. */
export function foresee(
  { arch, runtime }: OpenModel,
  dataset: Dataset,
  recipe: Recipe,
  layout: Trainable = trainableOf(arch, recipe),
  done = 0,
): Foresight {
  const { target, tensors } = runtime;
  const windows = (): Iterator<readonly Item[], void> | null => windowsOf(dataset, recipe, done);
  const programOf = (bucket: Bucket): Program => {
    const { head } = methodWork(dataset, recipe);
    return passProgram({ arch, tensors, layout, head, activations: target.activations }, bucket, true);
  };
  const coming = target.prepare ? windows() : null;
  const waiting: Bucket[] = [];
  const seen = new Set<string>();
  let at = done;
  const prepare = (program: Program) => void target.prepare?.(program).catch(() => {});
  return {
    until: (step) => {
      if (!coming) return;
      const begins = at === done;
      for (; at < Math.min(step, recipe.schedule.steps); at++) {
        for (const item of coming.next().value ?? []) {
          const bucket = bucketFor(item);
          const key = `${bucket.tokens} ${bucket.labels}`;
          if (!seen.has(key)) waiting.push(bucket);
          seen.add(key);
        }
      }
      // Once steps go on they need this thread, which tracing takes.
      for (const bucket of waiting.splice(0, begins ? waiting.length : 1)) prepare(programOf(bucket));
      if (begins) prepare(optimizerProgram(arch, layout, updatingOf(recipe)));
    },
    gflop: () => {
      const window = windows()?.next().value;
      if (!window) return null;
      return window.reduce((sum, item) => {
        const { tokens, targets, span } = packBatch(item);
        const pairs = span.reduce((all, value, i) => all + (i % 2 ? value : -value), 0);
        const program = programOf({ tokens: tokens.length, labels: targets.length });
        return sum + countFlops(program, pairs).total / 1e9;
      }, 0);
    },
  };
}
