/**
 * A recipe as the fragment of a link and back: "#recipe:lora.rank=4&schedule.steps=60". Only what differs from the
 * defaults is written. The fragment comes from a stranger, so names are looked up in the default recipe and the
 * result goes through zod; reading a link starts nothing.
 */
import { AppError } from "@/errors";
import { parseRecipe, type Recipe } from "@/train/recipe";
import { type Leaf, recipeLeaves } from "@/train/recipe-paths";

const PREFIX = "#recipe:";
const LONGEST = 8000;

export function recipeToHash(recipe: Recipe): string {
  const defaults = recipeLeaves(parseRecipe({}));
  const parameters = new URLSearchParams();
  for (const [name, leaf] of recipeLeaves(recipe)) {
    if (write(leaf) !== write(defaults.get(name) ?? "")) parameters.set(name, write(leaf));
  }
  return PREFIX + parameters.toString();
}

/** Null when the fragment is no recipe at all; throws "recipe/invalid" when it is a wrong one. */
export function recipeFromHash(hash: string): Recipe | null {
  if (!hash.startsWith(PREFIX)) return null;
  if (hash.length > LONGEST) throw new AppError("recipe/invalid", "The recipe in this link is too long to be one.");
  const defaults = recipeLeaves(parseRecipe({}));
  const input = new Map<string, unknown>();
  const unknown: string[] = [];
  for (const [name, text] of new URLSearchParams(hash.slice(PREFIX.length))) {
    const model = defaults.get(name);
    if (model === undefined) unknown.push(name);
    else input.set(name, read(text, model));
  }
  if (unknown.length > 0) {
    throw new AppError("recipe/invalid", `The link names settings that do not exist: ${unknown.join(", ")}.`, {
      hint: "It may come from a newer version; the standard recipe is used instead.",
    });
  }
  return parseRecipe(nest(input));
}

function write(leaf: Leaf): string {
  return typeof leaf === "object" ? JSON.stringify(leaf) : String(leaf);
}

/** The default's type decides how the text is read; whatever does not fit is left for zod to name. */
function read(text: string, model: Leaf): unknown {
  if (typeof model === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function nest(leaves: Map<string, unknown>): object {
  const sections = new Map<string, object>();
  const top = new Map<string, unknown>();
  for (const [name, leaf] of leaves) {
    const [section, field] = name.split(".");
    if (section === undefined) continue;
    if (field === undefined) top.set(section, leaf);
    else sections.set(section, { ...sections.get(section), [field]: leaf });
  }
  return { ...Object.fromEntries(top), ...Object.fromEntries(sections) };
}
