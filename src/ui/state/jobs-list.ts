/** Jobs and schedules of the account, as they were last heard of, and what a person does to one. Nothing here needs the engine. */
import { signal } from "@preact/signals";
import type { Job, ScheduledJob } from "@/offload/job";
import type { ScheduleChange } from "@/offload/jobs-client";
import type { KeptJob } from "@/offload/kept-jobs";
import { attempt, clearFault, report, session } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { readRuns } from "@/ui/state/runs";
import type { FetchedJob, JobAccess, JobView } from "@/worker/api/jobs";
import type { NamedFile } from "@/worker/api/sources";

/** One job as a row: from the Hub, or from what is kept here when the Hub was not asked. */
export interface JobRow {
  readonly id: string;
  /** By which the session finds it. */
  readonly name: string;
  readonly title: string;
  readonly stage: string;
  readonly over: boolean;
  readonly flavor: string;
  readonly createdAt: number;
  readonly spent: number | null;
  readonly run: string | null;
  /** Submitted from here, so that its settings are known. */
  readonly own: boolean;
}

export const jobRowsOf = signal<readonly JobRow[]>([]);
export const schedules = signal<readonly ScheduledJob[] | null>(null);
/** `from`: by what name the session finds it again; null for a folder. */
export const fetched = signal<(FetchedJob & { readonly from: string | null }) | null>(null);
/** The id of a job that is asked about now. */
export const busyWith = signal<string | null>(null);

const access = (): JobAccess => ({ token: token.value.trim() || undefined });
const OVER = new Set(["COMPLETED", "CANCELED", "ERROR", "DELETED"]);

export function rowOfKept(kept: KeptJob): JobRow {
  const { id, name: title, stage, flavor, createdAt, spentDollars: spent, run } = kept;
  return { id, name: id, title, stage, over: OVER.has(stage), flavor, createdAt, spent, run, own: true };
}

export function rowOfView({ job, kept, spent }: JobView): JobRow {
  const { id, stage, over, flavor, labels } = job;
  return {
    ...{ id, stage, over, flavor, spent, name: kept ? id : `${job.namespace}/${id}`, run: kept?.run ?? null },
    own: kept !== null,
    title: kept?.name ?? labels.burnish ?? id,
    createdAt: kept?.createdAt ?? (Date.parse(job.createdAt) || 0),
  };
}

/** The newer news of one job, among the others. */
export function takeJob(view: JobView): void {
  const row = rowOfView(view);
  const others = jobRowsOf.value.filter(({ id }) => id !== row.id);
  jobRowsOf.value = [...others, row].sort((a, b) => b.createdAt - a.createdAt);
}

/** Of a job that is followed, where it is in the list. */
export function takeNews({ id, stage, over }: Job, spent: number | null): void {
  const before = jobRowsOf.value.find((row) => row.id === id);
  if (!before || (before.stage === stage && before.spent === spent)) return;
  jobRowsOf.value = jobRowsOf.value.map((row) => (row === before ? { ...row, stage, over, spent } : row));
}

/** Those kept here; asks nobody, and leaves a fault that is shown where it is. */
export async function readJobs(): Promise<void> {
  try {
    const kept = (await session().keptJobs()).map(rowOfKept);
    const ids = new Set(kept.map(({ id }) => id));
    const others = jobRowsOf.value.filter(({ id }) => !ids.has(id));
    jobRowsOf.value = [...kept, ...others].sort((a, b) => b.createdAt - a.createdAt);
  } catch (error) {
    report("jobs", error);
  }
}

/** With those of the Hub, from wherever they were submitted. */
export function askHub(): Promise<void> {
  return told(async () => {
    for (const view of await session().listJobs(access())) takeJob(view);
    await readSchedules();
  });
}

export function cancel({ id, name }: Pick<JobRow, "id" | "name">): Promise<void> {
  return told(async () => takeJob(await session().cancelJob(name, access())), id);
}

export function readSchedules(): Promise<void> {
  return told(async () => {
    schedules.value = await session().schedules(access());
  });
}

export function changeSchedule(id: string, change: ScheduleChange): Promise<void> {
  return told(async () => {
    await session().changeSchedule(id, change, access());
    schedules.value = await session().schedules(access());
  }, id);
}

export function runSchedule(id: string): Promise<void> {
  return told(async () => takeJob(await session().runSchedule(id, access())), id);
}

export function bringHome(name: string): Promise<boolean> {
  return keepRun(name, () => session().fetchJob(name, access()));
}

/** The folder that the script wrote, on whatever machine; names are paths in it. */
export function bringFolder(files: readonly NamedFile[]): Promise<boolean> {
  return keepRun(null, () => session().fetchResult("the folder", files));
}

function keepRun(from: string | null, task: () => Promise<FetchedJob>): Promise<boolean> {
  return attempt("jobs", async () => {
    fetched.value = null;
    fetched.value = { ...(await task()), from };
    await readJobs();
    await readRuns();
  });
}

/** Beside whatever the engine does: a job that costs must be stoppable while this tab trains. */
async function told(task: () => Promise<void>, id: string | null = null): Promise<void> {
  clearFault("jobs");
  busyWith.value = id;
  try {
    await task();
  } catch (error) {
    report("jobs", error);
  } finally {
    busyWith.value = null;
  }
}
