/**
 * The open dataset. Its preview depends on three fields of the recipe (cut-off, mask, split), so it is opened again,
 * a moment after the last keystroke, when one of them changes.
 */
import { computed, effect, signal } from "@preact/signals";
import type { Recipe } from "@/train/recipe";
import { catalog } from "@/ui/state/catalog";
import { comparison } from "@/ui/state/compare";
import { activity, attempt, faults, session } from "@/ui/state/core";
import { adoptRecipe, draft, linked, recipe, setField } from "@/ui/state/recipe";
import type { DataLook, DatasetInfo } from "@/worker/api/data";
import type { DatasetSource } from "@/worker/api/sources";

export const dataset = signal<DatasetInfo | null>(null);
export const datasetSource = signal<DatasetSource | null>(null);
/** What was picked so far: a held-out file may come before or after the rows that teach. */
export const trainFile = signal<File | null>(null);
export const evalFile = signal<File | null>(null);

/** A file of which no row could be used, and what it holds: its columns may have to be named by hand. */
export const refused = signal<{ readonly source: DatasetSource; readonly look: DataLook } | null>(null);
/** How much of what is to be read, or encoded, is done; null while that is not known. */
export const readingShare = signal<number | null>(null);

const shaping = computed(() => shapeOf(draft.value));
let openedWith = "";

function shapeOf({ data, method }: Recipe): string {
  return JSON.stringify([data.maxLength, data.loss, data.holdout, data.fixes, method]);
}

/** "recommend" takes the dataset's own recipe (or a link's, when it names this dataset); "keep" leaves the form alone. */
export async function openDataset(source: DatasetSource, how: "recommend" | "keep" = "recommend"): Promise<boolean> {
  refused.value = null;
  const opened = await attempt("data", async () => {
    if (how === "recommend") prepareRecipe(source);
    nameSource(source);
    const input = recipe.value ?? draft.value;
    readingShare.value = null;
    const info = await session().openDataset(source, input, (done, total) => {
      readingShare.value = total > 0 ? Math.min(1, done / total) : null;
    });
    if (how === "recommend" && info.recipe && source.kind === "files") adoptAndName(info.recipe, source);
    dataset.value = info;
    datasetSource.value = source;
    comparison.value = null;
    openedWith = shapeOf(input);
  });
  if (opened || faults.value.data?.code !== "dataset/empty") return opened;
  const look = await session()
    .lookAtData(source)
    .catch(() => null);
  if (look) refused.value = { source, look };
  return false;
}

function prepareRecipe(source: DatasetSource): void {
  if (source.kind !== "bundled") {
    // What was accepted or repaired in other rows says nothing of these.
    setField("data.accept", []);
    setField("data.fixes", []);
    setField("data.columns", {});
    return;
  }
  const fromLink = linked.value?.data.train === `bundled:${source.name}` ? linked.value : undefined;
  const entry = catalog.value.find((one) => one.name === source.name);
  adoptRecipe(fromLink ?? entry?.recipe ?? {});
}

function adoptAndName(input: NonNullable<DatasetInfo["recipe"]>, source: DatasetSource): void {
  adoptRecipe(input);
  nameSource(source);
}

function nameSource(source: DatasetSource): void {
  setField("data.train", nameOf(source));
  setField("data.eval", source.kind === "files" ? (source.eval?.name ?? "") : "");
}

function nameOf(source: DatasetSource): string {
  if (source.kind === "bundled") return `bundled:${source.name}`;
  if (source.kind === "files") return source.train.name;
  return source.kind === "url" ? source.url : source.reference;
}

export async function pickDataFile(role: "train" | "eval", file: File): Promise<void> {
  if (role === "train") trainFile.value = file;
  else evalFile.value = file;
  const train = trainFile.value;
  const heldOut = evalFile.value;
  if (train === null) return;
  await openDataset({
    kind: "files",
    name: train.name,
    train: { name: train.name, blob: train },
    ...(heldOut === null ? {} : { eval: { name: heldOut.name, blob: heldOut } }),
  });
}

export function openBundled(name: string): Promise<boolean> {
  trainFile.value = null;
  evalFile.value = null;
  return openDataset({ kind: "bundled", name });
}

/** Opens the dataset again when the recipe changes how rows look. Returns the function that ends the watch. */
export function watchShape(): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  return effect(() => {
    const shape = shaping.value;
    const source = datasetSource.value;
    const free = activity.value === null;
    clearTimeout(timer);
    if (source === null || !free || recipe.value === null || dataset.value === null || shape === openedWith) return;
    timer = setTimeout(() => void openDataset(source, "keep"), 500);
  });
}
