/**
 * Where a larger run could go: the model (the open one, or any that the Hub names), the rows, the plan, the row that is
 * chosen, and the files made from it. A plan is of one recipe; when that changes it says so. Red findings in the rows stop it
 * as they stop a run here: nothing is made to be sent until they are corrected or accepted by name.
 */
import { computed, signal } from "@preact/signals";
import { formatReference, parseReference } from "@/hub/reference";
import type { PlanRow } from "@/offload/plan";
import { commandLine, type JobAsk, newKey } from "@/offload/submission";
import { acceptFinding, stoppingOf } from "@/ui/state/check";
import { attempt, session } from "@/ui/state/core";
import { datasetSource } from "@/ui/state/dataset";
import { token } from "@/ui/state/hub";
import { startFiles, startObstacle } from "@/ui/state/jobs-start";
import { modelSource } from "@/ui/state/model";
import { recipe, setField } from "@/ui/state/recipe";
import type { DataFix } from "@/worker/api/data";
import type { PlannedJob } from "@/worker/api/jobs";
import type { DatasetSource, ModelSource } from "@/worker/api/sources";

/** What was typed; until then, the open model where the Hub has it. */
export const typedModel = signal<string | null>(null);
export const jobModel = computed(() => {
  const open = modelSource.value;
  return typedModel.value ?? (open?.kind === "hub" ? open.reference.replace(/^hf:/, "") : "");
});
/** Rows that were picked in this room; else those that are open. */
export const ownRows = signal<DatasetSource | null>(null);
export const jobRows = computed(() => ownRows.value ?? datasetSource.value);
export const jobRowsName = computed(() => {
  const rows = jobRows.value;
  return rows === null ? "" : rows.kind === "url" ? rows.url : rows.kind === "hub" ? rows.reference : rows.name;
});

export const planned = signal<PlannedJob | null>(null);
export const chosenRow = signal<PlanRow | null>(null);
export const wanted = signal<PlanRow["weights"] | "any">("any");
/** Of the chosen row. */
export const ask = signal<JobAsk | null>(null);
export const key = signal("");
const madeOf = signal("");

/** Whose account pays; empty for the token's own. */
export const namespace = signal("");
/** Minutes at which the job is ended; null for the plan's. */
export const minutes = signal<number | null>(null);

const source = computed<ModelSource | null>(() => {
  const name = jobModel.value.trim();
  if (name === "") return modelSource.value;
  const secret = token.value.trim();
  try {
    return {
      kind: "hub",
      reference: formatReference(parseReference(name)),
      ...(secret === "" ? {} : { token: secret }),
    };
  } catch {
    return null;
  }
});

/** Why no plan can be made, or null. */
export const planObstacle = computed(() => {
  if (source.value === null) return "Name a model of the Hub, as owner/name.";
  if (jobRows.value === null) return "Choose rows to train on.";
  if (recipe.value === null) return "The recipe has a fault; mend it in the first room.";
  return startObstacle.value;
});

/** What is accepted changes what may be sent, and nothing of the plan. */
const asked = computed(() => {
  const settings = recipe.value && { ...recipe.value, data: { ...recipe.value.data, accept: [] } };
  return JSON.stringify([settings, jobModel.value, jobRowsName.value]);
});
export const planIsOld = computed(() => planned.value !== null && madeOf.value !== asked.value);

export function makePlan(): Promise<boolean> {
  return attempt("jobs", async () => {
    const [model, rows, settings] = [source.value, jobRows.value, recipe.value];
    if (model === null || rows === null || settings === null) return;
    planned.value = null;
    chosenRow.value = null;
    ask.value = null;
    const name = model.kind === "hub" ? model.reference : settings.model;
    const made = await session().planJob(model, rows, {
      ...settings,
      model: name,
      data: { ...settings.data, train: jobRowsName.value },
    });
    planned.value = made;
    madeOf.value = asked.value;
    if (made.plan.recommended) await takeRow(made.plan.recommended);
  });
}

/** Red findings that nobody accepted. */
export const jobStopping = computed(() => stoppingOf(planned.value?.facts.findings ?? []));

export function acceptInJobs(gate: string): Promise<boolean> {
  acceptFinding(gate);
  return remakeAsk();
}

/** The fix goes into the recipe, and the rows are read again by it. */
export function fixInJobs({ data }: DataFix): Promise<boolean> {
  for (const [field, value] of Object.entries(data)) setField(`data.${field}`, value);
  return makePlan();
}

/** After something that is no part of the plan has changed: what is accepted, the adapter that it starts from. */
export function remakeAsk(): Promise<boolean> {
  return attempt("jobs", async () => {
    if (chosenRow.value !== null && !planIsOld.value) await takeRow(chosenRow.value);
  });
}

export function chooseRow(row: PlanRow): Promise<boolean> {
  return attempt("jobs", () => takeRow(row));
}

async function takeRow(row: PlanRow): Promise<void> {
  const facts = planned.value?.facts;
  if (!facts) return;
  if (chosenRow.value !== row) minutes.value = null;
  chosenRow.value = row;
  ask.value = null;
  if (jobStopping.value.length > 0) return;
  const data = { ...facts.recipe.data, accept: recipe.value?.data.accept ?? [] };
  const sent = { ...facts, recipe: { ...facts.recipe, data } };
  ask.value = await session().jobAsk(sent, row, await startFiles());
  key.value = newKey(ask.value.name, Date.now(), Math.floor(performance.now() * 1000));
}

/** As it will be sent; null before a row is chosen, and for a timeout that is none. */
export const fullAsk = computed<JobAsk | null>(() => {
  const made = ask.value;
  if (made === null || jobStopping.value.length > 0 || (minutes.value !== null && !(minutes.value >= 1))) return null;
  // A job that goes on has its folder, and so its owner.
  const owner = made.continues === undefined ? namespace.value.trim() : "";
  return {
    ...made,
    timeoutSeconds: minutes.value === null ? made.timeoutSeconds : Math.round(minutes.value * 60),
    ...(owner === "" ? {} : { namespace: owner }),
  };
});

export const UNNAMED = "YOUR-NAME";

/** The same job by the Hub's own command, before anybody was asked anything. */
export const shellLine = computed(() => {
  const made = fullAsk.value;
  const owner = made?.namespace ?? UNNAMED;
  return made && commandLine(made, { namespace: owner, key: key.value, mountModel: false });
});

/** Rows to show: of the wanted way, those that fit first, the marked ones always. */
export const shownRows = computed<readonly PlanRow[]>(() => {
  const plan = planned.value?.plan;
  if (!plan) return [];
  return plan.rows.filter((row) => wanted.value === "any" || row.weights === wanted.value);
});

export const marksOf = (row: PlanRow): string[] => {
  const plan = planned.value?.plan;
  return (["recommended", "cheapest", "fastest"] as const).filter((mark) => plan?.[mark] === row);
};
