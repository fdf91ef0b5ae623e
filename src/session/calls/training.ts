/** Training the adapter: a new run, one that goes on, a fork of another; and steering one, or a download. */
import type { Session } from "@/session/contract";
import type { Core, State } from "@/session/core";
import { probeRun } from "@/session/probe";
import type { Runs } from "@/session/train-run";
import { parseRecipe } from "@/train/recipe";

type TrainingCalls = Pick<
  Session,
  "train" | "probe" | "resumeRun" | "forkRun" | "openRun" | "pause" | "resume" | "stop"
>;

export function trainingCalls({ state, requireIdle, requireModel, datasetFor }: Core, runs: Runs): TrainingCalls {
  return {
    train: (input, emit) => runs.begin(parseRecipe(input), emit),
    resumeRun: (id, emit) => runs.goOn(id, emit),
    forkRun: (id, which, changes, emit) => runs.fork(id, which, changes, emit),
    openRun: (id, which) => runs.open(id, which),
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
      const { run } = state;
      if (!run || run.paused) return;
      run.paused = new Promise((resolve) => {
        unpause = resolve;
      });
      // The step under way still ends, and is shown; only then, or when the run ends, does this resolve.
      if (run.onStill) {
        await new Promise<void>((resolve) => {
          run.onStill = resolve;
        });
      }
    },
    resume: async () => {
      if (state.run) state.run.paused = undefined;
      state.run?.onStill?.();
      unpause();
    },
    stop: async () => {
      state.download?.abort();
      if (state.run) Object.assign(state.run, { stopped: true, paused: undefined });
      state.run?.onStop?.();
      state.run?.onStill?.();
      unpause();
    },
  };
}
