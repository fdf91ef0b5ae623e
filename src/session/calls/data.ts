/** Opening a dataset, and what a run of it would take. */
import { lookAt } from "@/data/look";
import { fileOfBlob } from "@/data/reading/open";
import { AppError } from "@/errors";
import { sourceName } from "@/hub/sources";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { dataSource } from "@/session/data-source";
import { foresee } from "@/session/foresight";
import { memoryPlan } from "@/session/ledger";
import { workloadOf } from "@/session/run";
import { scoreRows } from "@/session/score";
import { tokensOf } from "@/session/tokens";
import { parseRecipe } from "@/train/recipe";

type DataCalls = Pick<Session, "openDataset" | "useDataset" | "lookAtData" | "plan" | "score" | "tokens">;

export function dataCalls({ platform, state, requireIdle, requireModel, requireAdapter, datasetFor }: Core): DataCalls {
  return {
    openDataset: async (source, input, onProgress) => {
      requireIdle();
      const { dataset, scanned, recipe: before, source: last, dataSource: named, download } = state;
      state.download = new AbortController();
      const { signal } = state.download;
      const check = () => {
        if (signal.aborted) throw new AppError("run/stopped", "Reading the data was stopped.");
      };
      try {
        state.source = await dataSource(platform, source, signal);
        delete state.dataset;
        delete state.scanned;
        state.dataSource = sourceName(source);
        const { recipe, samplePrompts } = state.source.extra;
        state.recipe = parseRecipe({ ...input, method: input.method ?? recipe?.method });
        const { info } = await datasetFor(state.recipe, { check, ...(onProgress ? { onProgress } : {}) });
        return { ...info, ...(samplePrompts ? { samplePrompts } : {}), ...(recipe ? { recipe } : {}) };
      } catch (error) {
        Object.assign(state, { dataset, scanned, recipe: before, source: last, dataSource: named });
        throw error;
      } finally {
        state.download = download;
      }
    },

    useDataset: async (source) => {
      requireIdle();
      state.source = await dataSource(platform, source);
      state.dataSource = sourceName(source);
      delete state.scanned;
      delete state.dataset;
      return state.source.extra.recipe ?? {};
    },

    lookAtData: async (source) => {
      const { files } = await dataSource(platform, source);
      return lookAt(files.train);
    },

    plan: async (input) => {
      const recipe = parseRecipe(input);
      const model = requireModel();
      const dataset = await datasetFor(recipe);
      // Whoever looks at the plan of a run may start it next.
      foresee(model, dataset, recipe).until(1);
      const work = workloadOf(model, dataset, recipe);
      return memoryPlan(model.arch, model.runtime.formats, recipe, work, model.runtime.target.limits);
    },

    tokens: async (source, file, method, input) =>
      tokensOf(platform, source, [fileOfBlob(file.name, file.blob)], method, parseRecipe(input)),

    score: async (file, input, useAdapter) => {
      const files = [fileOfBlob(file.name, file.blob)];
      return scoreRows(requireModel(), useAdapter ? requireAdapter() : undefined, files, parseRecipe(input));
    },
  };
}
