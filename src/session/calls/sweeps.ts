/** Looking for settings: the learning-rate range test, and several kept runs over a grid. */
import * as z from "zod/mini";
import type { SweepRow } from "@/runs/sweep";
import { rungsOf, SweepPlan, survivors, trialsOf } from "@/runs/sweep";
import type { Session } from "@/session/contract";
import type { RunControl } from "@/session/control";
import type { Core } from "@/session/core";
import { findRate } from "@/session/find-rate";
import { withSandbox } from "@/session/sandboxed";
import type { Runs } from "@/session/train-run";
import { parseRecipe } from "@/train/recipe";

type SweepCalls = Pick<Session, "findRate" | "sweep">;

export function sweepCalls(core: Core, { begin, goOn, open }: Runs): SweepCalls {
  const { state, requireIdle, requireModel, datasetFor } = core;
  return {
    findRate: async (input, onPoint) => {
      requireIdle();
      const recipe = parseRecipe(input);
      const control: RunControl = { stopped: false, paused: undefined };
      state.run = control;
      try {
        const [model, dataset] = [requireModel(), await datasetFor(recipe)];
        const stopped = () => control.stopped;
        return await withSandbox(core, (sandbox) => findRate(model, dataset, recipe, { stopped, sandbox }, onPoint));
      } finally {
        delete state.run;
      }
    },

    sweep: async (input, base, onRows) => {
      requireIdle();
      const plan = z.parse(SweepPlan, input);
      const recipe = parseRecipe(base);
      const rungs = rungsOf(plan, recipe.schedule);
      const [firstRung = 1] = rungs;
      const deadline = performance.now() + 60_000 * plan.minutes;
      let rows: SweepRow[] = trialsOf(plan, recipe).map(({ changes }) => ({
        ...{ changes, run: null, steps: 0, loss: null, evalLoss: null, seconds: 0 },
        state: "waiting",
      }));
      const trials = trialsOf(plan, recipe);
      const set = (i: number, change: Partial<SweepRow>) => {
        rows = rows.map((row, at) => (at === i ? { ...row, ...change } : row));
        onRows(rows);
      };
      onRows(rows);
      let going = trials.map((_, i) => i);
      let stopped = false;
      for (const rung of rungs) {
        for (const i of going) {
          if (stopped || performance.now() > deadline) {
            set(i, { state: stopped ? "stopped" : "out of time" });
            continue;
          }
          set(i, { state: "running" });
          const trial = trials[i];
          const before = rows[i]?.run ?? null;
          if (!trial) continue;
          // Every run is measured at each rung, so that they compare at the same step.
          const settings = { ...trial.recipe, evaluate: { ...trial.recipe.evaluate, every: firstRung } };
          try {
            const result = before === null ? await begin(settings, ignore, rung) : await goOn(before, ignore, rung);
            const all = {
              run: result.run,
              steps: result.steps,
              loss: result.finalLoss,
              evalLoss: result.evalLossAfter,
            };
            set(i, { ...all, seconds: (rows[i]?.seconds ?? 0) + result.seconds, state: "done" });
            // Fewer steps than the rung: a person pressed stop.
            stopped = result.steps < rung;
          } catch (error) {
            set(i, {
              state: "failed",
              evalLoss: null,
              message: error instanceof Error ? error.message : String(error),
            });
          }
        }
        const standing = going.map((i) => ({ i, evalLoss: rows[i]?.evalLoss ?? rows[i]?.loss ?? null }));
        going = survivors(standing).map(({ i }) => i);
      }
      // The winner's adapter is the current one afterwards, whichever ran last.
      const [best] = going;
      const winner = best === undefined ? null : (rows[best]?.run ?? null);
      if (winner !== null) await open(winner, "last");
      return rows;
    },
  };
}

const ignore = () => {};
