/**
 * From a kept run back to work: its model and data are opened again where they have a name, its recipe fills the form,
 * and it is resumed, forked, or its adapter becomes the current one. The session checks that all of it is what it was.
 */
import { dataByName, modelByName, sourceName } from "@/hub/sources";
import type { RunRecord } from "@/runs/record";
import { plannedRates } from "@/train/schedule";
import { setAdapter } from "@/ui/state/adapter";
import { attempt, session } from "@/ui/state/core";
import { datasetSource, openDataset } from "@/ui/state/dataset";
import { modelSource, openModel } from "@/ui/state/model";
import { adoptRecipe, draft, setField } from "@/ui/state/recipe";
import { goOn, train } from "@/ui/state/run";
import { logOfRun } from "@/ui/state/run-log";
import type { WhichCheckpoint } from "@/worker/api/runs";
import type { DatasetSource, ModelSource } from "@/worker/api/sources";

export async function resumeRun(id: string): Promise<void> {
  const record = await session().readRun(id);
  showWork();
  if (!(await prepare(record))) return;
  const step = record.checkpoints.at(-1)?.step ?? 0;
  await goOn(logOfRun(record, step, record.recipe.schedule.steps, plannedRates(record.recipe)), (onEvent) =>
    session().resumeRun(id, onEvent),
  );
}

/** With `rate` times the learning rate, and as many more steps as the run had, where it had done all of them. */
export async function forkRun(id: string, which: WhichCheckpoint, rate: number): Promise<void> {
  const record = await session().readRun(id);
  showWork();
  if (!(await prepare(record))) return;
  const { optimizer, schedule } = record.recipe;
  const step = which === "last" ? (record.checkpoints.at(-1)?.step ?? 0) : typeof which === "number" ? which : 0;
  const steps = step >= schedule.steps ? step + schedule.steps : schedule.steps;
  const changes = {
    optimizer: { ...optimizer, learningRate: optimizer.learningRate * rate },
    schedule: { ...schedule, steps },
  };
  adoptRecipe({ ...record.recipe, ...changes });
  await goOn(logOfRun(record, step, steps, plannedRates(changes)), (onEvent) =>
    session().forkRun(id, which, changes, onEvent),
  );
}

/** "stay" leaves the room as it is. */
export async function openRun(id: string, which: WhichCheckpoint, where: "work" | "stay" = "work"): Promise<void> {
  const record = await session().readRun(id);
  if (where === "work") showWork();
  if (!(await prepare(record))) return;
  await attempt("run", async () => {
    const { step: _, ...trained } = await session().openRun(id, which);
    setAdapter({ origin: "kept", ...trained });
  });
}

/** After a loss that exploded: from the last good checkpoint of that run, or anew, with a third of its rate. */
export async function goOnGently(): Promise<void> {
  const [latest] = await session().listRuns();
  if (latest?.status === "failed" && latest.checkpoints.length > 0) return forkRun(latest.id, "last", GENTLER);
  setField("optimizer.learningRate", draft.value.optimizer.learningRate * GENTLER);
  await train();
}

/** After rewards that failed on every answer: from the last good checkpoint of that run, or anew. */
export async function goOnAgain(): Promise<void> {
  const [latest] = await session().listRuns();
  if (latest?.status === "failed" && latest.checkpoints.length > 0) return resumeRun(latest.id);
  await train();
}

const GENTLER = 1 / 3;

function showWork(): void {
  location.hash = "#/";
}

async function prepare({ model, data, recipe }: RunRecord): Promise<boolean> {
  const wanted = modelByName(model.source);
  if (wanted && !isOpen(modelSource.value, model.source) && !(await openModel(wanted))) return false;
  adoptRecipe(recipe);
  const rows = dataByName(data.source);
  if (rows && !isOpen(datasetSource.value, data.source)) return openDataset(rows, "keep");
  return true;
}

const isOpen = (source: ModelSource | DatasetSource | null, name: string) =>
  source !== null && sourceName(source) === name;
