/** Runs as a tree of forks: each below the one that it came from, siblings by time, newest family first. */
import type { RunRecord } from "@/runs/record";

export interface Branch<T> {
  readonly run: T;
  readonly depth: number;
}

type Kin = Pick<RunRecord, "id" | "createdAt" | "parent">;

/** A run whose parent was deleted stands as a root. */
export function treeOf<T extends Kin>(runs: readonly T[]): Branch<T>[] {
  const known = new Set(runs.map(({ id }) => id));
  const childrenOf = (id: string | null) =>
    runs
      .filter(({ parent, id: own }) => {
        const from = parent && known.has(parent.run) && parent.run !== own ? parent.run : null;
        return from === id;
      })
      .sort((a, b) => (id === null ? b.createdAt - a.createdAt : a.createdAt - b.createdAt));
  const below = (id: string | null, depth: number): Branch<T>[] =>
    childrenOf(id).flatMap((run) => [{ run, depth }, ...below(run.id, depth + 1)]);
  return below(null, 0);
}
