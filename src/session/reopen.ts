/** Bringing back what a kept run was made with: its model, its data, and one of its checkpoints. */
import { AppError } from "@/errors";
import { dataByName, modelByName } from "@/hub/sources";
import { bestCheckpoint, lastCheckpoint, type RunRecord } from "@/runs/record";
import { createRunStore } from "@/runs/store";
import type { Core } from "@/session/core";
import { dataFingerprint, modelFingerprint } from "@/session/fingerprint";
import { stateOfPeft } from "@/session/peft-state";
import { layoutFor } from "@/session/trained";
import { stateWords, updatingOf } from "@/train/optimizers";
import { type TrainingState, unpackState } from "@/train/state";
import type { SessionApi } from "@/worker/api";
import type { WhichCheckpoint } from "@/worker/api/runs";

export type Opening = Pick<SessionApi, "openModel" | "openDataset">;

/** Throws AppError "usage" when there is no such run, or when it is going on. */
export async function idleRun({ platform }: Core, id: string): Promise<RunRecord> {
  const { records, files, locks } = await platform.runs();
  if (await locks.held(id)) {
    throw new AppError("usage", "This run is going on.", { hint: "Wait for its end, or stop it." });
  }
  return createRunStore(records, files).get(id);
}

/** What has a name is opened by it; a model from a person's own files must be open. Throws AppError "usage" if it is not. */
export async function reopenModel(core: Core, record: RunRecord, { openModel }: Opening): Promise<void> {
  const known = modelByName(record.model.source);
  if (known && !fitsModel(core, record)) await openModel(known, () => {});
  requireModelOf(core, record);
}

/** A run of a job knows its model by name alone; its adapter's shapes are checked when they are read. */
function fitsModel({ state }: Core, { model }: RunRecord): boolean {
  if (state.model === undefined) return false;
  if (model.fingerprint === "") return sameSource(state.modelSource ?? "", model.source);
  return modelFingerprint(state.model) === model.fingerprint;
}

/** Throws AppError "usage" unless the open model is the one that the run was trained on. */
export function requireModelOf(core: Core, record: RunRecord): void {
  if (fitsModel(core, record)) return;
  const { model } = record;
  throw new AppError("usage", `This run was trained on ${model.name}, and that model is not open as it was.`, {
    hint: `Open ${model.source} first, with its weights kept in the same format.`,
  });
}

/** The same for the data. */
export async function reopenData(core: Core, { data, recipe }: RunRecord, { openDataset }: Opening): Promise<void> {
  const { state, datasetFor } = core;
  // The rows of a job were sent as they are; it knows them by name.
  const byName = data.fingerprint === "";
  const fits = async () =>
    state.source !== undefined &&
    (byName ? state.dataSource === data.source : dataFingerprint(await datasetFor(recipe)) === data.fingerprint);
  const known = dataByName(data.source);
  if (known && !(await fits())) await openDataset(known, recipe);
  if (await fits()) return;
  throw new AppError("usage", `This run was trained on ${data.name}, and that data is not open as it was.`, {
    hint: "Open the same file first, unchanged.",
  });
}

/** Throws AppError "usage" when it is not kept, "storage/failed" when its file is damaged. */
export async function checkpointOf(core: Core, record: RunRecord, which: WhichCheckpoint): Promise<TrainingState> {
  const { records, files } = await core.platform.runs();
  const found = typeof which === "number" ? record.checkpoints.find(({ step }) => step === which) : PICK[which](record);
  if (!found) {
    const steps = record.checkpoints.map(({ step }) => step).join(", ") || "none";
    throw new AppError("usage", `The run has no such checkpoint; kept are those of step ${steps}.`);
  }
  const bytes = await createRunStore(records, files).readCheckpoint(found);
  const model = core.requireModel();
  if (record.job) return stateOfPeft(bytes, found.step, model.arch, record.recipe);
  const layout = layoutFor(model, record.recipe);
  return unpackState(bytes, found.step, layout.length, stateWords(updatingOf(record.recipe), layout));
}

/** "hf:owner/name", at whatever commit. */
const sameSource = (a: string, b: string) => a.split("@")[0] === b.split("@")[0];

const PICK = { best: bestCheckpoint, last: lastCheckpoint };
