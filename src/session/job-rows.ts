/** The rows of a job, as the trainer's own dispatch would take them there: what would stop it, before it costs anything. */
import { DISPATCH_COLUMNS, dispatchOf, shapeOf } from "@/data/dispatch";
import type { Method } from "@/data/row";

const SHOWN = 3;

/** Sentences; none for rows that train. `text` is train.jsonl. */
export function rowFindings(text: string, method: Method): string[] {
  const faults = new Map<string, number>();
  let rows = 0;
  for (const line of text.split("\n")) {
    if (line.trim() === "") continue;
    rows += 1;
    const fault = faultOf(line, method);
    if (fault !== null && !faults.has(fault)) faults.set(fault, rows);
  }
  if (rows === 0) return ["There is no row to train on."];
  return [...faults].slice(0, SHOWN).map(([fault, row]) => `Row ${row}: ${fault}.`);
}

function faultOf(line: string, method: Method): string | null {
  let row: unknown;
  try {
    row = JSON.parse(line);
  } catch {
    return "it is not JSON";
  }
  if (typeof row !== "object" || row === null || Array.isArray(row)) return "it is no JSON object";
  const columns = new Map(Object.entries(row));
  const shape = (name: string) => (columns.has(name) ? shapeOf(columns.get(name)) : "absent");
  const { failure } = dispatchOf(Object.fromEntries(DISPATCH_COLUMNS.map((name) => [name, shape(name)])), method);
  return failure;
}
