/**
 * What the session's calls share: one open model, one dataset, one adapter, and the run that may be going on. Each group
 * of calls (`calls/`) is a function over it; nothing else holds state.
 */
import { buildDataset } from "@/data/dataset";
import type { Dataset, DatasetText } from "@/data/dataset-types";
import { AppError } from "@/errors";
import type { LossPoint } from "@/export/curve";
import type { LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import type { Platform } from "@/session/platform";
import { busy, type RunControl } from "@/session/run";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import type { Comparison, RunResult } from "@/worker/api";

export interface State {
  model?: OpenModel;
  source?: { text: DatasetText; extra: { recipe?: RecipeInput; samplePrompts?: readonly string[] } };
  dataset?: { built: Dataset; key: string };
  adapter?: LoadedAdapter;
  /** What the adapter was, or will be, trained by. */
  recipe: Recipe;
  /** The run that made the adapter, and what was measured on it. */
  trained?: { result: RunResult; losses: LossPoint[]; evals: LossPoint[] };
  comparison?: Comparison;
  run?: RunControl;
  download?: AbortController;
}

export interface Core {
  readonly platform: Platform;
  readonly state: State;
  /** Throws AppError "usage" when none is open. */
  requireModel(): OpenModel;
  requireAdapter(): LoadedAdapter;
  /** Throws AppError "usage" while a run is going on. */
  requireIdle(): void;
  dropAdapter(): void;
  /** The dataset as this recipe splits, masks and cuts it. */
  datasetFor(recipe: Recipe): Dataset;
}

export function createCore(platform: Platform): Core {
  const state: State = { recipe: parseRecipe({}) };
  const requireModel = () => state.model ?? missing("model", "Open a model first.");
  return {
    platform,
    state,
    requireModel,
    requireAdapter: () => state.adapter ?? missing("adapter", "Train one, or load one from its files."),
    requireIdle: () => {
      if (state.run) throw busy();
    },
    dropAdapter: () => {
      if (state.adapter && state.model) state.model.runtime.target.free(state.adapter.buffer);
      delete state.adapter;
      delete state.trained;
      delete state.comparison;
    },
    datasetFor: (recipe) => {
      const model = requireModel();
      const { source } = state;
      if (!source) return missing("dataset", "Open a dataset first.");
      const key = JSON.stringify([recipe.data, recipe.seed, recipe.method]);
      if (state.dataset?.key !== key) state.dataset = { built: buildDataset(source.text, model, recipe), key };
      return state.dataset.built;
    },
  };
}

function missing(what: string, hint: string): never {
  throw new AppError("usage", `There is no ${what} yet.`, { hint });
}
