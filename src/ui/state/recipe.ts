/**
 * The recipe under the form. The draft is always complete, and may be wrong while somebody types; `recipe` is the
 * checked one, or null. A link's recipe waits here until its dataset is opened: links start nothing.
 */
import { computed, signal } from "@preact/signals";
import * as z from "zod/mini";
import { parseRecipe, Recipe, type RecipeInput } from "@/train/recipe";
import { report } from "@/ui/state/core";
import { recipeFromHash } from "@/ui/state/recipe-link";

export const draft = signal<Recipe>(parseRecipe({}));
export const linked = signal<Recipe | null>(null);

const checked = computed(() => z.safeParse(Recipe, draft.value));
export const recipe = computed<Recipe | null>(() => (checked.value.success ? checked.value.data : null));

/** Field path → what is wrong with it. */
export const recipeFaults = computed<ReadonlyMap<string, string>>(() => {
  const { error } = checked.value;
  return new Map((error?.issues ?? []).map((issue) => [issue.path.join("."), plainly(issue.message)]));
});

/** What is wrong with a field, or with one of the words in it, which is then named. */
export function faultOf(path: string): string | undefined {
  const faults = recipeFaults.value;
  const inside = [...faults.keys()].find((key) => key.startsWith(`${path}.`));
  if (inside === undefined) return faults.get(path);
  return `${inside.slice(path.length + 1) || "A module is missing"}: ${faults.get(inside)}`;
}

function plainly(message: string): string {
  if (message.includes("NaN") || message.includes("expected number, received")) return "Enter a number.";
  if (message.includes("expected int")) return "Enter a whole number.";
  if (message.includes("Invalid key")) return "This is no path of a module.";
  const bound = /expected \w+ to (?:be|have) (>=?|<=?)(\S+)/.exec(message);
  if (bound === null) return message;
  const words: Record<string, string> = { ">": "more than", ">=": "at least", "<": "less than", "<=": "at most" };
  return `Must be ${words[bound[1] ?? ""] ?? ""} ${bound[2] ?? ""}.`;
}

export function fieldValue(path: string): unknown {
  const [section = "", field] = path.split(".");
  const top = (draft.value as Record<string, unknown>)[section];
  return field === undefined ? top : (top as Record<string, unknown>)[field];
}

export function setField(path: string, value: unknown): void {
  const [section = "", field] = path.split(".");
  const top = (draft.value as Record<string, unknown>)[section];
  const next = field === undefined ? value : { ...(top as object), [field]: value };
  draft.value = { ...draft.value, [section]: next };
}

/** Takes a whole recipe, keeping the model that is open. */
export function adoptRecipe(input: RecipeInput): void {
  draft.value = { ...parseRecipe(input), model: draft.value.model };
}

export function readLink(hash: string): void {
  try {
    linked.value = recipeFromHash(hash);
    if (linked.value) draft.value = linked.value;
  } catch (error) {
    report("recipe", error);
  }
}
