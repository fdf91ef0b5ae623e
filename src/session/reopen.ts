/** Bringing back what a kept run was made with: its model, its data, and one of its checkpoints. */
import { AppError } from "@/errors";
import { dataByName, modelByName } from "@/hub/sources";
import { bestCheckpoint, lastCheckpoint, type RunRecord } from "@/runs/record";
import { createRunStore } from "@/runs/store";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { dataFingerprint, modelFingerprint } from "@/session/fingerprint";
import { stateOfPeft } from "@/session/peft-state";
import { layoutFor } from "@/session/trained";
import { type TrainingState, unpackState } from "@/train/state";
import type { WhichCheckpoint } from "@/worker/api";

export type Opening = Pick<Session, "openModel" | "openDataset">;

/** Throws AppError "usage" when there is no such run, or when it is going on. */
export async function idleRun({ platform }: Core, id: string): Promise<RunRecord> {
  const { records, files, locks } = await platform.runs();
  if (await locks.held(id)) {
    throw new AppError("usage", "This run is going on.", { hint: "Wait for its end, or stop it." });
  }
  return createRunStore(records, files).get(id);
}

/** What has a name is opened by it; a model from a person's own files must be open. Throws AppError "usage" if it is not. */
export async function reopenModel({ state }: Core, { model }: RunRecord, { openModel }: Opening): Promise<void> {
  // A run of a job knows its model by name alone; its adapter's shapes are checked when they are read.
  const byName = model.fingerprint === "";
  const fits = () =>
    state.model !== undefined &&
    (byName ? sameSource(state.modelSource ?? "", model.source) : modelFingerprint(state.model) === model.fingerprint);
  const known = modelByName(model.source);
  if (known && !fits()) await openModel(known, () => {});
  if (fits()) return;
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
  const { length } = layoutFor(model, record.recipe);
  return unpackState(bytes, found.step, length, record.recipe.optimizer.kind);
}

/** "hf:owner/name", at whatever commit. */
const sameSource = (a: string, b: string) => a.split("@")[0] === b.split("@")[0];

const PICK = { best: bestCheckpoint, last: lastCheckpoint };
