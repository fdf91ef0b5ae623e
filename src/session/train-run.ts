/**
 * The whole of a run around its training: gates and probe before, the record while, the adapter after. A run begins anew,
 * goes on from its own last checkpoint, or forks from another's.
 */
import type { Dataset } from "@/data/dataset-types";
import { AppError } from "@/errors";
import type { LossPoint } from "@/export/curve";
import type { RunRecord } from "@/runs/record";
import { requireClean } from "@/session/check";
import type { RunControl } from "@/session/control";
import type { Core, State } from "@/session/core";
import { foresee } from "@/session/foresight";
import { createKeeper, type Keeper, newRecord, rewound } from "@/session/keeper";
import type { OpenModel } from "@/session/open-model";
import { probeRun, requireGo, wantsProbe } from "@/session/probe";
import { checkpointOf, idleRun, type Opening, reopenData, reopenModel } from "@/session/reopen";
import { runTraining } from "@/session/run";
import { withSandbox } from "@/session/sandboxed";
import { describeTrained, layoutFor } from "@/session/trained";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import type { TrainingState } from "@/train/state";
import { createTimeline } from "@/util/timeline";
import type { RunEvent, RunResult } from "@/worker/api/run";
import type { WhichCheckpoint } from "@/worker/api/runs";
import type { TimelineEvent } from "@/worker/api/timeline";
import type { TrainedInfo } from "@/worker/api/trained";

export type Emit = (events: readonly RunEvent[]) => void;

export interface Runs {
  begin(recipe: Recipe, emit: Emit, until?: number): Promise<RunResult>;
  /** From its last checkpoint. */
  goOn(id: string, emit: Emit, until?: number): Promise<RunResult>;
  fork(id: string, which: WhichCheckpoint, changes: RecipeInput, emit: Emit): Promise<RunResult>;
  open(id: string, which: WhichCheckpoint): Promise<TrainedInfo & { step: number }>;
}

interface RunStart {
  readonly from?: TrainingState | undefined;
  readonly kept?: RunRecord | undefined;
  readonly until?: number | undefined;
}

export function trainRuns(core: Core, opening: Opening): Runs {
  const { state, requireIdle, requireModel, dropAdapter, datasetFor } = core;
  const setAdapter = (adapter: NonNullable<State["adapter"]>) => {
    if (state.adapter !== adapter) dropAdapter();
    state.adapter = adapter;
  };

  const run = async (recipe: Recipe, emit: Emit, { from, kept, until }: RunStart): Promise<RunResult> => {
    requireIdle();
    const model = requireModel();
    const control: RunControl = { stopped: false, paused: undefined, until, onStill: () => {} };
    state.run = control;
    let keeper: Keeper | undefined;
    try {
      const timeline = createTimeline();
      const dataset = await timeline.during("rows", () => datasetFor(recipe));
      state.recipe = recipe;
      const goesOn = recipe.start === "adapter" && !from ? state.adapter?.layout : undefined;
      const foresight = foresee(model, dataset, recipe, goesOn, from?.step);
      timeline.during("pipelines asked for", () => foresight.until((from?.step ?? 0) + 1));
      if (!from) await timeline.during("gates and probe", () => beforeRun(core, model, dataset, recipe, emit));
      const record =
        kept ??
        timeline.during("fingerprints", () =>
          newRecord({ state, engine: model.runtime.target.description }, { model, dataset, recipe }, null),
        );
      keeper = await timeline.during("record", () => openKeeper(core, record, emit));
      const curves = keepCurves();
      const watched = (events: readonly RunEvent[]) => {
        curves.observe(events);
        emit(events);
      };
      const tellTimeline = (): TimelineEvent => ({
        type: "timeline",
        model: model.opened,
        data: state.reading ?? [],
        run: timeline.stretches(),
        ms: timeline.elapsed(),
        gflop: foresight.gflop(),
      });
      const inputs = {
        ...{ model, dataset, recipe, control, keeper, from, loaded: state.adapter },
        ...{ emit: watched, timeline, tellTimeline, foresight },
      };
      const result = await withSandbox(core, (sandbox) =>
        runTraining({ ...inputs, sandbox, makeRoom: dropAdapter, onAdapter: setAdapter }),
      );
      await keeper?.end(result.stopped ? "stopped" : "done");
      const finished = { ...result, run: keeper ? record.id : null };
      delete state.comparison;
      state.trained = { result: finished, losses: curves.losses, evals: curves.evals };
      return finished;
    } catch (error) {
      await keeper?.end({ error });
      throw error;
    } finally {
      delete state.run;
      control.onStill?.();
    }
  };

  return {
    begin: (recipe, emit, until) => run(recipe, emit, { until }),

    goOn: async (id, emit, until) => {
      requireIdle();
      const record = await idleRun(core, id);
      await reopenModel(core, record, opening);
      await reopenData(core, record, opening);
      const from = await checkpointOf(core, record, "last");
      if (from.step >= record.recipe.schedule.steps) {
        throw new AppError("usage", "This run has done all of its steps.", { hint: "Fork it with more steps." });
      }
      return run(record.recipe, emit, { from, kept: rewound(record, from.step), until });
    },

    fork: async (id, which, changes, emit) => {
      requireIdle();
      const parent = await idleRun(core, id);
      await reopenModel(core, parent, opening);
      await reopenData(core, parent, opening);
      const from = await checkpointOf(core, parent, which);
      const recipe = parseRecipe(merge(parent.recipe, changes));
      requireSameAdapter(parent.recipe, recipe);
      const model = requireModel();
      const dataset = await datasetFor(recipe);
      const origin = { run: parent.id, step: from.step };
      const record = newRecord({ state, engine: model.runtime.target.description }, { model, dataset, recipe }, origin);
      return run(recipe, emit, { from, kept: { ...record, name: parent.name, steps: from.step } });
    },

    open: async (id, which) => {
      requireIdle();
      const record = await idleRun(core, id);
      await reopenModel(core, record, opening);
      const { step, adapter } = await checkpointOf(core, record, which);
      const model = requireModel();
      const { target } = model.runtime;
      const layout = layoutFor(model, record.recipe);
      const buffer = target.allocate(adapter.byteLength, "adapter");
      target.write(buffer, adapter);
      setAdapter({ layout, buffer });
      state.recipe = record.recipe;
      return { ...describeTrained(layout), step };
    },
  };
}

/** The gates, and the 1 % run where it is worth its time. Throws what they find. */
async function beforeRun(core: Core, model: OpenModel, dataset: Dataset, recipe: Recipe, emit: Emit): Promise<void> {
  await requireClean(core, recipe);
  if (!wantsProbe(recipe)) return;
  const report = await probeRun(model, dataset, recipe);
  emit([{ type: "probe", report }]);
  requireGo(report);
}

/** Losses of the run, for the card of its adapter. */
function keepCurves() {
  const losses: LossPoint[] = [];
  const evals: LossPoint[] = [];
  const observe = (events: readonly RunEvent[]) => {
    for (const event of events) {
      if (event.type === "step") losses.push({ step: event.step, loss: event.loss });
      if (event.type === "eval" && event.loss !== undefined) evals.push({ step: event.step, loss: event.loss });
    }
  };
  return { losses, evals, observe };
}

/** A place that cannot be opened is said once; the run goes on without being kept. */
async function openKeeper(core: Core, record: RunRecord, emit: Emit): Promise<Keeper | undefined> {
  const warn = (message: string) => emit([{ type: "warning", message }]);
  const keeper = await createKeeper(core, record, warn).catch((error: unknown) => {
    warn(`This run is not kept: ${error instanceof Error ? error.message : error}`);
    return undefined;
  });
  if (keeper !== null) return keeper;
  throw new AppError("usage", "Another tab or process is at work on this run.", { hint: "Let it end, or close it." });
}

/** The state of an optimizer belongs to parameters of one shape; rates, dropout and how they once began are free. */
function requireSameAdapter(from: Recipe, to: Recipe): void {
  const shape = ({ lora, full, trains, method, optimizer }: Recipe) => {
    const { dropout: _, plusRatio: __, init: ___, ...pairs } = lora;
    const learns = trains === "full" ? { train: full.train, freeze: full.freeze } : pairs;
    return JSON.stringify([learns, trains, method, optimizer.kind]);
  };
  if (shape(from) === shape(to)) return;
  throw new AppError(
    "usage",
    "A fork keeps the adapter's rank, alpha, targets, what is trained, method and optimizer.",
    {
      hint: "To change those, train anew, or start from the adapter.",
    },
  );
}

function merge(recipe: Recipe, changes: RecipeInput): RecipeInput {
  const sections = Object.entries(changes).map(([name, value]) => {
    const before = recipe[name as keyof Recipe];
    const nested = typeof before === "object" && typeof value === "object";
    return [name, nested ? { ...before, ...value } : value] as const;
  });
  return { ...recipe, ...Object.fromEntries(sections) };
}
