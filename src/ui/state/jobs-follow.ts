/** The job that is followed: its stage and cost, what its log and its GPUs say. Following ends with the page; the job does not. */
import { computed, signal } from "@preact/signals";
import type { JobUpdate } from "@/offload/follow";
import type { JobMetric } from "@/offload/job-stream";
import type { Outcome } from "@/offload/outcome";
import type { JobProgress } from "@/offload/progress";
import { clearFault, report, session } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { takeJob, takeNews } from "@/ui/state/jobs-list";
import { spoken } from "@/ui/state/run";
import { logOfRun } from "@/ui/state/run-log";
import type { JobView } from "@/worker/api/jobs";

export interface Followed {
  /** As it was asked for: an id, or OWNER/ID. */
  readonly name: string;
  /** One job may be followed twice; what the first says then counts no more. */
  readonly turn: number;
  readonly job: JobView["job"] | null;
  readonly spent: number | null;
  readonly progress: JobProgress | null;
  readonly metric: JobMetric | null;
  readonly lines: readonly string[];
  /** Lines that are no longer shown. */
  readonly earlier: number;
  /** What happened to the connection, the last. */
  readonly note: string;
  readonly outcome: Outcome | null;
  /** The streams are open. */
  readonly live: boolean;
}

export const followed = signal<Followed | null>(null);

/** A log may have more lines than a page can draw. */
const MOST_LINES = 1000;

export const followedLog = computed(() => {
  const progress = followed.value?.progress;
  if (!progress || progress.step === 0) return null;
  return logOfRun({ series: progress.series, samples: [] }, progress.step, progress.totalSteps ?? progress.step);
});

/** Until its end, or until another is followed. */
export async function follow(name: string): Promise<void> {
  clearFault("jobs");
  const nothing = { job: null, spent: null, progress: null, metric: null, lines: [], earlier: 0, note: "" };
  const turn = (followed.value?.turn ?? 0) + 1;
  followed.value = { name, turn, ...nothing, outcome: null, live: true };
  const isMine = () => followed.value?.turn === turn;
  try {
    const access = { token: token.value.trim() };
    const end = await session().followJob(name, access, (updates, progress) => {
      if (!isMine() || !followed.value) return;
      followed.value = { ...updates.reduce(updated, followed.value), progress };
      const { job, spent } = followed.value;
      if (job) takeNews(job, spent);
    });
    takeJob(end);
    if (!isMine() || !followed.value) return;
    const { job, spent, progress, outcome } = end;
    followed.value = { ...followed.value, job, spent, progress, outcome, live: false };
    if (outcome) spoken.value = `${outcome.happened} ${outcome.spent}`;
  } catch (error) {
    if (!isMine() || !followed.value) return;
    followed.value = { ...followed.value, live: false };
    report("jobs", error);
  }
}

export function stopFollowing(): void {
  void session().stopFollowing();
}

export function updated(before: Followed, update: JobUpdate): Followed {
  switch (update.type) {
    case "job":
      return { ...before, job: update.job, spent: update.spent };
    case "metric":
      return { ...before, metric: update.metric };
    case "note":
      return { ...before, note: update.message };
    case "event":
      return { ...before, note: "" };
    case "line": {
      const lines = [...before.lines, update.text];
      const over = Math.max(0, lines.length - MOST_LINES);
      return { ...before, note: "", lines: lines.slice(over), earlier: before.earlier + over };
    }
  }
}
