/**
 * The way to spending: checks that cost nothing, a question with the ceiling, then the sending. The token is the visit's own
 * (state/hub.ts), in memory alone.
 */
import { computed, signal } from "@preact/signals";
import type { ScheduledJob } from "@/offload/job";
import type { JobPreview } from "@/offload/preflight";
import type { JobAsk } from "@/offload/submission";
import { attempt, session } from "@/ui/state/core";
import { token } from "@/ui/state/hub";
import { follow } from "@/ui/state/jobs-follow";
import { readJobs, readSchedules } from "@/ui/state/jobs-list";
import { fullAsk, planIsOld } from "@/ui/state/jobs-plan";

interface Checked {
  readonly ask: JobAsk;
  readonly preview: JobPreview;
}

const checked = signal<Checked | null>(null);
/** Of what would be sent now; a change of anything takes it away. */
export const preview = computed(() => {
  const found = checked.value;
  return found !== null && found.ask === fullAsk.value && !planIsOld.value ? found.preview : null;
});
/** The question is open. */
export const asking = signal(false);
/** Empty: once, and now. Else "@daily" or cron's five fields. */
export const schedule = signal("");
/** 0 to 1 while files are sent. */
export const sent = signal<number | null>(null);
export const scheduled = signal<ScheduledJob | null>(null);

export function checkJob(): Promise<boolean> {
  return attempt("jobs", async () => {
    const ask = fullAsk.value;
    if (ask === null) return;
    checked.value = null;
    scheduled.value = null;
    checked.value = { ask, preview: await session().previewJob({ ...ask, token: token.value.trim() }) };
  });
}

/** After a yes to this very ceiling, and never otherwise. */
export async function submit(agreed: number): Promise<void> {
  const found = checked.value;
  asking.value = false;
  if (found === null || preview.value === null) return;
  let started: string | null = null;
  scheduled.value = null;
  const when = schedule.value.trim();
  await attempt("jobs", async () => {
    const ask = { ...found.ask, token: token.value.trim() };
    const confirmed = { preview: found.preview, ceilingDollars: agreed };
    const onSent = (done: number, total: number) => {
      if (sent.value !== null) sent.value = total > 0 ? done / total : 0;
    };
    sent.value = 0;
    try {
      if (when === "") started = (await session().submitJob(ask, confirmed, onSent)).id;
      else scheduled.value = await session().scheduleJob(ask, confirmed, when, onSent);
      // One agreement is for one job.
      checked.value = null;
    } finally {
      sent.value = null;
    }
  });
  await readJobs();
  if (scheduled.value !== null) await readSchedules();
  if (started !== null) void follow(started);
}

export function stopSending(): void {
  void session().stop();
}
