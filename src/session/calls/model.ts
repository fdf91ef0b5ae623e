/** Opening a model, and what can be said of models and the device. */
import { cachedModels, deleteModel } from "@/hub/cache";
import { parseReference } from "@/hub/reference";
import { sourceName } from "@/hub/sources";
import { releaseRuntime } from "@/model/runtime";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { inspectModel } from "@/session/inspect";
import { jobFacts } from "@/session/job";
import { modelFiles } from "@/session/model-files";
import { openModel } from "@/session/open-model";
import { readModel } from "@/session/read-model";
import { parseRecipe } from "@/train/recipe";
import { createTimeline } from "@/util/timeline";

type ModelCalls = Pick<
  Session,
  "device" | "openModel" | "cachedModels" | "deleteCachedModel" | "inspect" | "jobFacts" | "release"
>;

export function modelCalls({ platform, state, requireIdle, dropAdapter }: Core): ModelCalls {
  return {
    device: async () => {
      const { target, notice } = await platform.openTarget();
      const { name, description, software, limits } = target;
      return { target: name, description, software, notice, memoryBudget: limits.memoryBudget };
    },

    openModel: async (source, onProgress, dtype = "auto") => {
      requireIdle();
      const timeline = createTimeline();
      const { target } = await timeline.during("device", () => platform.openTarget());
      state.download = new AbortController();
      const { signal } = state.download;
      const given = await timeline
        .during("files found", () => modelFiles(platform, source, { onProgress, signal }))
        .finally(() => delete state.download);
      const parts = await timeline.during("header and tokenizer", () => readModel(given, dtype, target.limits));
      dropAdapter();
      if (state.model) releaseRuntime(state.model.runtime);
      delete state.model;
      delete state.dataset;
      state.model = await openModel(target, parts, onProgress, timeline);
      state.modelSource = sourceName(source);
      return state.model.info;
    },

    cachedModels: async () => cachedModels(await platform.files()),
    deleteCachedModel: async (reference) => deleteModel(await platform.files(), parseReference(reference)),
    jobFacts: (source, data, input) => jobFacts(platform, source, data, parseRecipe(input)),
    inspect: (source, dtype, input, tokens) => inspectModel(platform, source, dtype, parseRecipe(input), tokens),

    release: async () => {
      const { target } = await platform.openTarget();
      target.release();
    },
  };
}
