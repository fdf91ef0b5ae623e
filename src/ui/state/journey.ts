/**
 * The five stages from model to download, read off the nouns themselves, and the demo that walks them.
 * The demo has no state of its own but its name: whatever it did, the page shows as if a person had done it.
 */
import { computed, signal } from "@preact/signals";
import { adapter, exportAdapter, exported } from "@/ui/state/adapter";
import { catalog } from "@/ui/state/catalog";
import { compare, comparison } from "@/ui/state/compare";
import { activity, faults, type Place } from "@/ui/state/core";
import { dataset, evalFile, openBundled, openDataset, trainFile } from "@/ui/state/dataset";
import { model, modelSource, openModel } from "@/ui/state/model";
import { adoptRecipe, setField } from "@/ui/state/recipe";
import { runResult, train } from "@/ui/state/run";

export type StageId = "model" | "data" | "run" | "compare" | "take";
export type StageStatus = "waiting" | "active" | "done" | "failed";
export interface Stage {
  readonly id: StageId;
  readonly label: string;
  readonly status: StageStatus;
}

export const demo = signal<string | null>(null);

export const stages = computed<readonly Stage[]>(() => [
  stage("model", "Model", model.value !== null),
  stage("data", "Data", dataset.value !== null),
  stage("run", "Train", adapter.value !== null),
  stage("compare", "Compare", comparison.value !== null),
  stage("take", "Take away", exported.value !== null),
]);

function stage(id: StageId, label: string, done: boolean): Stage {
  return { id, label, status: statusOf(id, done) };
}

function statusOf(place: Place, done: boolean): StageStatus {
  if (activity.value === place) return "active";
  if (faults.value[place]) return "failed";
  return done ? "done" : "waiting";
}

const trained = async () => (await train()) && runResult.value?.stopped === false;

/** Trains what is loaded on the bundled pairs. */
async function byPreference(): Promise<boolean> {
  if (!(await openBundled("manners"))) return false;
  setField("start", "adapter");
  return trained();
}

/** From a finished run by example to a verdict on held-out pairs. */
export async function goOnWithPreferences(): Promise<void> {
  if (await byPreference()) await compare();
}

/** Pairs of one's own, with the settings of the bundled ones; training waits for a look at them. */
export async function openPreferences(file: File): Promise<void> {
  const known = catalog.value.find(({ name }) => name === "manners")?.recipe ?? {};
  adoptRecipe({ ...known, method: "dpo", start: "adapter" });
  setField("data.train", file.name);
  trainFile.value = file;
  evalFile.value = null;
  await openDataset({ kind: "files", name: file.name, train: { name: file.name, blob: file } }, "keep");
}

export async function runDemo(name: string): Promise<void> {
  if (demo.value !== null || activity.value !== null) return;
  demo.value = name;
  try {
    const source = modelSource.value;
    const open = source?.kind === "bundled" && source.name === "ember" && model.value !== null;
    if (!open && !(await openModel({ kind: "bundled", name: "ember" }))) return;
    // Preferences sharpen what was learned by example first.
    const first = name === "manners" ? "commands" : name;
    if (!(await openBundled(first)) || !(await trained())) return;
    if (name === "manners" && !(await byPreference())) return;
    if (!(await compare())) return;
    await exportAdapter();
  } finally {
    demo.value = null;
  }
}
