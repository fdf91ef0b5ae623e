/** The runs that are kept: the list, which of them are compared, and what a person does to one. */
import { computed, signal } from "@preact/signals";
import type { Difference } from "@/runs/diff";
import type { RunRecord } from "@/runs/record";
import type { RunSummary } from "@/runs/summary";
import { treeOf } from "@/runs/tree";
import { attempt, report, session } from "@/ui/state/core";
import type { NamedFile } from "@/worker/api/sources";

export const runs = signal<readonly RunSummary[] | null>(null);
/** In the order of choosing. */
export const chosen = signal<readonly string[]>([]);
/** Whole records of the chosen runs, by id. */
export const records = signal<ReadonlyMap<string, RunRecord>>(new Map());
/** Between the first two chosen runs. */
export const differences = signal<readonly Difference[] | null>(null);

export const tree = computed(() => treeOf(runs.value ?? []));

/** More curves than this cannot be told apart. */
export const MOST_CHOSEN = 6;

export async function readRuns(): Promise<void> {
  try {
    runs.value = await session().listRuns();
    const known = new Set(runs.value.map(({ id }) => id));
    await choose(chosen.value.filter((id) => known.has(id)));
  } catch (error) {
    report("runs", error);
  }
}

export function toggle(id: string): Promise<void> {
  const without = chosen.value.filter((other) => other !== id);
  return choose(without.length < chosen.value.length ? without : [...without, id].slice(-MOST_CHOSEN));
}

async function choose(ids: readonly string[]): Promise<void> {
  chosen.value = ids;
  const known = new Map(records.value);
  for (const id of ids) if (!known.has(id)) known.set(id, await session().readRun(id));
  records.value = new Map([...known].filter(([id]) => ids.includes(id)));
  const [a, b] = ids;
  differences.value = a !== undefined && b !== undefined ? await session().diffRuns(a, b) : null;
}

/** One of eight colours, by the run's own name, so that it never shifts when runs come and go. */
export function colourOf(id: string): string {
  let hash = 0;
  for (const letter of id) hash = (hash * 31 + letter.charCodeAt(0)) >>> 0;
  return `--run-${hash % 8}`;
}

export function rename(id: string, changes: { name?: string; notes?: string }): Promise<boolean> {
  return change(() => session().annotateRun(id, changes));
}

export function remove(id: string): Promise<boolean> {
  return change(() => session().deleteRun(id));
}

export function bringIn(file: File): Promise<boolean> {
  return change(async () => {
    await session().importRun({ name: file.name, blob: file });
  });
}

export async function takeOut(ask: () => Promise<NamedFile>): Promise<NamedFile | null> {
  let made: NamedFile | null = null;
  await attempt("runs", async () => {
    made = await ask();
  });
  return made;
}

async function change(task: () => Promise<void>): Promise<boolean> {
  const done = await attempt("runs", task);
  await readRuns();
  return done;
}
