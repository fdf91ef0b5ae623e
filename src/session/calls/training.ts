/** Training the adapter, and steering a run or a download that is going on. */
import type { LossPoint } from "@/export/curve";
import { requireClean } from "@/session/check";
import type { Session } from "@/session/contract";
import type { Core, State } from "@/session/core";
import { probeRun, requireGo, wantsProbe } from "@/session/probe";
import { type RunControl, runTraining } from "@/session/run";
import { parseRecipe } from "@/train/recipe";
import type { RunEvent } from "@/worker/api";

type TrainingCalls = Pick<Session, "train" | "probe" | "pause" | "resume" | "stop">;

export function trainingCalls(core: Core): TrainingCalls {
  const { state, requireIdle, requireModel, dropAdapter, datasetFor } = core;
  return {
    train: async (input, emit) => {
      requireIdle();
      const recipe = parseRecipe(input);
      const model = requireModel();
      const dataset = await datasetFor(recipe);
      state.recipe = recipe;
      const control: RunControl = { stopped: false, paused: undefined };
      state.run = control;
      try {
        await requireClean(core, recipe);
        if (wantsProbe(recipe)) {
          const report = await probeRun(model, dataset, recipe);
          emit([{ type: "probe", report }]);
          requireGo(report);
        }
        const losses: LossPoint[] = [];
        const evals: LossPoint[] = [];
        const watched = (events: readonly RunEvent[]) => {
          for (const event of events) {
            if (event.type === "step") losses.push({ step: event.step, loss: event.loss });
            if (event.type === "eval" && event.loss !== undefined) evals.push({ step: event.step, loss: event.loss });
          }
          emit(events);
        };
        const result = await runTraining({
          ...{ model, dataset, recipe, control, emit: watched, loaded: state.adapter },
          onAdapter: (adapter) => {
            dropAdapter();
            state.adapter = adapter;
          },
        });
        delete state.comparison;
        state.trained = { result, losses, evals };
        return result;
      } finally {
        delete state.run;
      }
    },
    probe: async (input) => {
      requireIdle();
      const recipe = parseRecipe(input);
      return probeRun(requireModel(), await datasetFor(recipe), recipe);
    },
    ...runControls(state),
  };
}

function runControls(state: State): Pick<Session, "pause" | "resume" | "stop"> {
  let unpause: () => void = () => {};
  return {
    pause: async () => {
      if (!state.run || state.run.paused) return;
      state.run.paused = new Promise((resolve) => {
        unpause = resolve;
      });
    },
    resume: async () => {
      if (state.run) state.run.paused = undefined;
      unpause();
    },
    stop: async () => {
      state.download?.abort();
      if (state.run) Object.assign(state.run, { stopped: true, paused: undefined });
      unpause();
    },
  };
}
