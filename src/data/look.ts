/** The first rows of a file as they are, for whoever has to say which column is which. */
import type { DataLook } from "@/worker/api/data";
import { type DataFile, openReader } from "./reading/open";

const ROWS = 5;
const SHOWN_CELL = 200;
const SHOWN_COLUMNS = 50;
const SHOWN_FAULTS = 50;

/** Reads no more than it needs. */
export async function lookAt(files: readonly DataFile[]): Promise<DataLook> {
  const columns = new Set<string>();
  const sample: Record<string, string>[] = [];
  const faults: DataLook["faults"][number][] = [];
  const notes: string[] = [];
  for await (const batch of openReader("", files, { allColumns: true }).batches()) {
    for (const name of batch.columns ?? []) columns.add(name);
    notes.push(...(batch.notes ?? []));
    faults.push(...batch.faults.slice(0, SHOWN_FAULTS - faults.length));
    for (const { value } of batch.records) {
      if (sample.length >= ROWS || typeof value !== "object" || value === null || Array.isArray(value)) continue;
      sample.push(shortCells(value as Record<string, unknown>));
      for (const name of Object.keys(value)) columns.add(name);
    }
    if (sample.length >= ROWS) break;
  }
  return { columns: [...columns].slice(0, SHOWN_COLUMNS), sample, faults, notes };
}

/** Cells of a record as short text. */
export function shortCells(record: Readonly<Record<string, unknown>>): Record<string, string> {
  const cells = Object.entries(record).slice(0, SHOWN_COLUMNS);
  return Object.fromEntries(cells.map(([name, value]) => [name, shortText(value)]));
}

function shortText(value: unknown): string {
  const text = typeof value === "string" ? value.slice(0, SHOWN_CELL + 1) : (JSON.stringify(value) ?? "");
  return text.length > SHOWN_CELL ? `${text.slice(0, SHOWN_CELL - 1)}…` : text;
}
