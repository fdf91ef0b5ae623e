/**
 * What rows must share to be held out together: their question, or nearly all of their text. Each row gets the key of the
 * first row of its group, so that rows that are appended later leave the earlier ones where they are.
 */
import { nearGroups } from "./gates/near";
import { textsOf } from "./gates/texts";
import { hashWords } from "./gates/words";
import type { FormattedRow } from "./row";
import { splitKey } from "./split";

/** One key for each row, in order. */
export function groupKeys(rows: readonly FormattedRow[]): string[] {
  const keys = rows.map(({ row }) => splitKey(row));
  const near = nearGroups(
    rows.map(({ row }) => {
      const { prompt, answer } = textsOf(row);
      return hashWords(`${prompt}\n${answer}`);
    }),
  );
  const parent = Int32Array.from(near);
  const root = (i: number): number => {
    let at = i;
    while (parent[at] !== at) at = parent[at] ?? at;
    return at;
  };
  const firstOf = new Map<string, number>();
  keys.forEach((key, i) => {
    const [a, b] = [root(firstOf.get(key) ?? i), root(i)];
    parent[Math.max(a, b)] = Math.min(a, b);
    if (!firstOf.has(key)) firstOf.set(key, i);
  });
  return keys.map((key, i) => keys[root(i)] ?? key);
}
