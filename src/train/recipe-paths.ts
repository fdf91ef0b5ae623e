/** A recipe's fields by their dotted names: "lora.rank". What lies below a section's field is one leaf. */
export type Leaf = string | number | boolean | object;

/** { lora: { rank: 8 }, seed: 1 } → Map { "lora.rank" → 8, "seed" → 1 }. */
export function recipeLeaves(recipe: object): Map<string, Leaf> {
  const leaves = new Map<string, Leaf>();
  for (const [name, entry] of Object.entries(recipe)) {
    const section = typeof entry === "object" && entry !== null && !Array.isArray(entry);
    if (!section) leaves.set(name, entry);
    else for (const [field, leaf] of Object.entries(entry)) leaves.set(`${name}.${field}`, leaf as Leaf);
  }
  return leaves;
}

/** A copy with one field changed. */
export function withField(recipe: object, path: string, leaf: unknown): object {
  const [section = "", field] = path.split(".");
  const before = (recipe as Record<string, unknown>)[section];
  return { ...recipe, [section]: field === undefined ? leaf : { ...(before as object), [field]: leaf } };
}
