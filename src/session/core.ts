/**
 * What the session's calls share: one open model, one dataset, one adapter, and the run that may be going on. Each group
 * of calls (`calls/`) is a function over it; nothing else holds state.
 */
import { encodeDataset } from "@/data/dataset";
import type { BuildOptions, Dataset, DatasetFiles, Scanned } from "@/data/dataset-types";
import { scanDataset, scanKey } from "@/data/source";
import { AppError } from "@/errors";
import type { LossPoint } from "@/export/curve";
import type { LoadedAdapter } from "@/session/answers";
import { busy, type RunControl } from "@/session/control";
import type { OpenModel } from "@/session/open-model";
import type { Platform } from "@/session/platform";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import { createTimeline, type Stretch } from "@/util/timeline";
import type { Comparison } from "@/worker/api/comparison";
import type { DataReport, Finding } from "@/worker/api/data";
import type { RunResult } from "@/worker/api/run";

export interface OpenSource {
  readonly files: DatasetFiles;
  readonly extra: { recipe?: RecipeInput; samplePrompts?: readonly string[] };
}

export interface State {
  model?: OpenModel;
  source?: OpenSource;
  /** What reading gave: it lasts longer than the dataset, which a shorter length or another mask makes anew. */
  scanned?: { rows: Scanned; key: string };
  dataset?: { built: Dataset; key: string };
  /** Where the time of the last reading or encoding went. */
  reading?: readonly Stretch[];
  /** What the gates found last, the report made of it, and what they looked at. */
  check?: {
    findings: readonly Finding[] | null;
    report: DataReport | null;
    key: string;
    source: unknown;
    model: unknown;
  };
  /** "bundled:ember", "hf:owner/name", "files:NAME": by these a run finds its model and data again. */
  modelSource?: string;
  dataSource?: string;
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
  datasetFor(recipe: Recipe, options?: BuildOptions): Promise<Dataset>;
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
    datasetFor: async (recipe, options) => {
      const model = requireModel();
      const { source } = state;
      if (!source) return missing("dataset", "Open a dataset first.");
      const key = JSON.stringify([{ ...recipe.data, accept: [] }, recipe.seed, recipe.method]);
      if (state.dataset?.key === key) return state.dataset.built;
      const chat = model.template !== null;
      const timeline = createTimeline();
      const read = JSON.stringify([scanKey(recipe), chat]);
      if (state.scanned?.key !== read) {
        const rows = await timeline.during("rows read", () =>
          scanDataset(source.files, recipe.method, chat, recipe, options),
        );
        state.scanned = { rows: rows as Scanned, key: read };
      }
      const { rows } = state.scanned;
      const built = await timeline.during("rows encoded", () => encodeDataset(rows, model, recipe, options));
      state.dataset = { built, key };
      state.reading = timeline.stretches();
      return built;
    },
  };
}

function missing(what: string, hint: string): never {
  throw new AppError("usage", `There is no ${what} yet.`, { hint });
}
