/** Every curve of a run as one table: a row per step, a column per curve, empty where a curve has no point. */
import type { RunRecord } from "@/runs/record";

export function curvesCsv({ series }: Pick<RunRecord, "series">): string {
  const names = Object.keys(series);
  const rows = new Map<number, Map<string, number | null>>();
  for (const name of names) {
    const { steps = [], values = [] } = series[name] ?? {};
    steps.forEach((step, i) => {
      const row = rows.get(step) ?? new Map<string, number | null>();
      row.set(name, values[i] ?? null);
      rows.set(step, row);
    });
  }
  const sorted = [...rows].sort(([a], [b]) => a - b);
  const lines = sorted.map(([step, row]) => [step, ...names.map((name) => row.get(name) ?? "")].join(","));
  return `${["step", ...names.map(quote)].join(",")}\n${lines.map((line) => `${line}\n`).join("")}`;
}

/** A cell that a spreadsheet would take for a formula or that holds a comma. */
function quote(name: string): string {
  return /^[\w/.]+$/.test(name) && !/^[=+@-]/.test(name) ? name : `"${name.replace(/"/g, '""')}"`;
}
