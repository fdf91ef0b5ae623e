/** What two runs do differently: the first thing to look at when their curves differ. */
import type { RunRecord } from "@/runs/record";
import { recipeLeaves } from "@/train/recipe-paths";

export interface Difference {
  /** "optimizer.learningRate" */
  readonly field: string;
  readonly a: string;
  readonly b: string;
}

/** Settings first in the recipe's own order, then what they ran on. Empty for equal runs. */
export function diffRuns(a: RunRecord, b: RunRecord): Difference[] {
  const left = described(a);
  const right = described(b);
  const fields = [...new Set([...left.keys(), ...right.keys()])];
  return fields.flatMap((field) => {
    const [x = "–", y = "–"] = [left.get(field), right.get(field)];
    return x === y || unknown(field, a, b) ? [] : [{ field, a: x, b: y }];
  });
}

/** A run of a job knows its model and rows by name, which the recipe says. */
function unknown(field: string, { model, data }: RunRecord, other: RunRecord): boolean {
  if (field === "model fingerprint") return model.fingerprint === "" || other.model.fingerprint === "";
  if (field === "data fingerprint") return data.fingerprint === "" || other.data.fingerprint === "";
  return false;
}

function described({ recipe, model, data, engine, software }: RunRecord): Map<string, string> {
  return new Map([
    ...[...recipeLeaves(recipe)].map(([field, leaf]) => [field, JSON.stringify(leaf)] as const),
    ["model fingerprint", model.fingerprint],
    ["data fingerprint", data.fingerprint],
    ["engine", engine],
    ["version", software],
  ]);
}
