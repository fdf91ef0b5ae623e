/**
 * A run's first step before anything of it is made: what it will compute, and, on a GPU, its pipelines made beside
 * whatever else is to be done. Pipelines hold no memory of the device; a recipe that changes meanwhile asks for its own.
 */
import { countFlops } from "@/bench/flops";
import type { Dataset } from "@/data/dataset-types";
import { packBatch } from "@/data/pack";
import type { Program } from "@/graph/target";
import { type Trainable, trainableOf } from "@/model/trainable";
import { firstWindow, methodWork } from "@/session/method";
import type { OpenModel } from "@/session/open-model";
import { updatingOf } from "@/train/optimizers";
import { optimizerProgram, passProgram } from "@/train/programs";
import type { Recipe } from "@/train/recipe";

export interface FirstStep {
  readonly programs: readonly Program[];
  /** 10⁹ operations of its products and attention. */
  readonly gflop: number;
}

/** Null where what is computed follows from what is sampled. `done`: steps that a run goes on from. */
export function firstStep(
  { arch, runtime }: OpenModel,
  dataset: Dataset,
  recipe: Recipe,
  layout: Trainable = trainableOf(arch, recipe),
  done = 0,
): FirstStep | null {
  const window = firstWindow(dataset, recipe, done);
  if (window === null) return null;
  const { head } = methodWork(dataset, recipe);
  const traced = { arch, tensors: runtime.tensors, layout, head, activations: runtime.target.activations };
  const passes = window.map((item) => {
    const { tokens, targets, span } = packBatch(item);
    const pairs = span.reduce((sum, value, i) => sum + (i % 2 ? value : -value), 0);
    return { pairs, program: passProgram(traced, { tokens: tokens.length, labels: targets.length }, true) };
  });
  const flops = passes.reduce((sum, { program, pairs }) => sum + countFlops(program, pairs).total, 0);
  const programs = [...passes.map(({ program }) => program), optimizerProgram(arch, layout, updatingOf(recipe))];
  return { programs, gflop: flops / 1e9 };
}

/** Where it fails, the run itself will say so. */
export function warmUp(model: OpenModel, first: FirstStep | null): void {
  for (const program of first?.programs ?? []) model.runtime.target.prepare?.(program).catch(() => {});
}
