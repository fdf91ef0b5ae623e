/** Rows that say the same thing again: to the letter, or nearly. */
import { type Gate, type GateRow, rowsDo } from "./gate";
import { nearGroups } from "./near";

export const wholeKey = ({ promptHash, answerHash, rejected }: GateRow): string =>
  `${promptHash} ${answerHash} ${rejected ?? ""}`;

const memo = new WeakMap<readonly GateRow[], Int32Array>();

/** Near groups over all rows, held-out ones too; made once per list of rows. */
export function groupsOf(rows: readonly GateRow[]): Int32Array {
  const made = memo.get(rows) ?? nearGroups(rows.map(({ words }) => words));
  memo.set(rows, made);
  return made;
}

/** Of each set of equal training rows, all but the first. */
export function repeatsOf(rows: readonly GateRow[]): number[] {
  const seen = new Set<string>();
  const repeats: number[] = [];
  rows.forEach((row, i) => {
    if (row.held) return;
    const key = wholeKey(row);
    if (seen.has(key)) repeats.push(i);
    else seen.add(key);
  });
  return repeats;
}

export const exactDuplicates: Gate = {
  name: "duplicates",
  title: "Repeated rows",
  why: "A row that stands five times is learned five times as hard, and memorised first. One copy teaches the same.",
  fix: "drop",
  check(rows) {
    const repeats = repeatsOf(rows);
    if (repeats.length === 0) return [];
    const message = `${rowsDo(repeats.length, "repeats", "repeat")} an earlier one, but for case and spacing.`;
    return [{ severity: "amber", rows: repeats, message }];
  },
};

export const nearDuplicates: Gate = {
  name: "near-duplicates",
  title: "Nearly the same rows",
  why: "Copies with a word changed look like more data than there is. The model learns their common text by heart instead of the task.",
  fix: "drop",
  check(rows) {
    const groups = groupsOf(rows);
    const exact = new Set(repeatsOf(rows));
    const seen = new Set<number>();
    const near: number[] = [];
    rows.forEach((row, i) => {
      if (row.held || exact.has(i)) return;
      const group = groups[i] ?? i;
      if (seen.has(group)) near.push(i);
      else seen.add(group);
    });
    if (near.length === 0) return [];
    const message = `${rowsDo(near.length, "shares", "share")} at least 80 % of their 5-word runs with an earlier row.`;
    return [{ severity: "amber", rows: near, message }];
  },
};
