/** The bundled datasets, as `datasets/index.json` beside the page lists them. Read through zod: a file is outside data. */
import { signal } from "@preact/signals";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { Recipe, type RecipeInput } from "@/train/recipe";
import { report } from "@/ui/state/core";

const Entry = z.object({
  name: z.string(),
  title: z.string(),
  description: z.string(),
  rows: z.number(),
  evalRows: z.number(),
  samplePrompts: z._default(z.array(z.string()), []),
  recipe: z._default(z.record(z.string(), z.unknown()), {}),
});
type Entry = z.infer<typeof Entry>;

export interface CatalogEntry extends Omit<Entry, "recipe"> {
  readonly recipe: RecipeInput;
}

export const catalog = signal<readonly CatalogEntry[]>([]);

export async function readCatalog(): Promise<void> {
  try {
    const response = await fetch("datasets/index.json");
    if (!response.ok) throw new AppError("network/failed", `The list of datasets answered ${response.status}.`);
    catalog.value = parseCatalog(await response.json());
  } catch (error) {
    report("data", error);
  }
}

export function parseCatalog(json: unknown): CatalogEntry[] {
  const list = z.safeParse(z.array(Entry), json);
  if (!list.success) throw new AppError("dataset/malformed", "The list of bundled datasets cannot be read.");
  return list.data.map((entry) => ({ ...entry, recipe: recipeOf(entry) }));
}

/** Checked in full, kept as written: what the makers left out must not override what a person sets. */
function recipeOf(entry: Entry): RecipeInput {
  const checked = z.safeParse(Recipe, entry.recipe);
  if (!checked.success) throw new AppError("recipe/invalid", `The recipe of dataset "${entry.name}" does not fit.`);
  return entry.recipe as RecipeInput;
}
