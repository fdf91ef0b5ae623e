/**
 * Where a larger run could go: the model (the open one, or any that the Hub names), the rows, the plan, the row that is
 * chosen, and the files made from it. A plan is of one recipe; when that changes it says so.
 */
import { computed, signal } from "@preact/signals";
import { formatReference, parseReference } from "@/hub/reference";
import type { PlanRow } from "@/offload/plan";
import { commandLine, type JobAsk, newKey } from "@/offload/submission";
import { attempt, session } from "@/ui/state/core";
import { datasetSource } from "@/ui/state/dataset";
import { token } from "@/ui/state/hub";
import { modelSource } from "@/ui/state/model";
import { recipe } from "@/ui/state/recipe";
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
  return recipe.value === null ? "The recipe has a fault; mend it in the first room." : null;
});

const asked = computed(() => JSON.stringify([recipe.value, jobModel.value, jobRowsName.value]));
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

export function chooseRow(row: PlanRow): Promise<boolean> {
  return attempt("jobs", () => takeRow(row));
}

async function takeRow(row: PlanRow): Promise<void> {
  const facts = planned.value?.facts;
  if (!facts) return;
  ask.value = await session().jobAsk(facts, row);
  key.value = newKey(ask.value.name, Date.now(), Math.floor(performance.now() * 1000));
  chosenRow.value = row;
  minutes.value = null;
}

/** As it will be sent; null before a row is chosen, and for a timeout that is none. */
export const fullAsk = computed<JobAsk | null>(() => {
  const made = ask.value;
  if (made === null || (minutes.value !== null && !(minutes.value >= 1))) return null;
  const owner = namespace.value.trim();
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
  const owner = namespace.value.trim() || UNNAMED;
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
