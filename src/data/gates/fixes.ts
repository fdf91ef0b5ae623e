/**
 * One-click fixes: what the recipe's `data.fixes` name, done to the rows before a run. The gate that found the rows does
 * it again on the same rows, so that page, command line and a later run agree; the files on disk stay as they are.
 */
import { AppError } from "@/errors";
import type { GateContext, GateRow } from "./gate";
import { prepareRow } from "./prepare";
import { gateNamed } from "./run-gates";
import { mapTexts } from "./texts";

/** In the order given. Throws "recipe/invalid" for a gate that has no fix. */
export function applyFixes(rows: readonly GateRow[], fixes: readonly string[], context: GateContext): GateRow[] {
  return fixes.reduce<GateRow[]>((kept, name) => applyFix(kept, name, context), [...rows]);
}

function applyFix(rows: readonly GateRow[], name: string, context: GateContext): GateRow[] {
  const gate = gateNamed(name);
  if (gate?.fix === undefined) {
    throw new AppError("recipe/invalid", `There is no fix ${name}.`, {
      hint: "data.fixes takes names of gates that offer one; burnish check lists them.",
    });
  }
  const found = new Set(gate.check(rows, context).flatMap(({ rows: at }) => at));
  const { fix } = gate;
  // Held-out rows are the measure: texts may be repaired there, but none is left out.
  if (fix === "drop") return rows.filter(({ held }, i) => held || !found.has(i));
  return rows.map((row, i) =>
    found.has(i) ? prepareRow({ ...row, row: mapTexts(row.row, (text) => fix(text, context)) }) : row,
  );
}
