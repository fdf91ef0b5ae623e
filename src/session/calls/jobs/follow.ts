/** A job followed to its end: what it says, how far it is, and what came of it. One at a time; leaving stops nothing else. */
import { followJob, type JobUpdate } from "@/offload/follow";
import { inspectJob } from "@/offload/jobs-client";
import { outcomeOf } from "@/offload/outcome";
import { heard, noProgress, progressed } from "@/offload/progress";
import { BUCKET } from "@/offload/submission";
import type { JobDesk } from "@/session/calls/jobs/desk";
import { folderOf } from "@/session/calls/jobs/folder";
import type { Platform } from "@/session/platform";
import type { JobsApi } from "@/worker/api/jobs";

const EVERY_MS = 100;

export function followCalls(
  { jobTiming }: Platform,
  { locate, priceOf, viewOf }: JobDesk,
): Pick<JobsApi, "followJob" | "stopFollowing"> {
  let following: AbortController | undefined;
  return {
    followJob: async (name, access, onUpdates) => {
      following?.abort();
      const own = new AbortController();
      following = own;
      const located = await locate(name, access, own.signal);
      const { place, id } = located;
      const dollarsPerMinute = await priceOf(located, located.kept?.flavor ?? (await inspectJob(place, id)).flavor);
      let progress = noProgress();
      let waiting: JobUpdate[] = [];
      const flush = () => {
        if (waiting.length > 0) onUpdates(waiting, progress);
        waiting = [];
      };
      const timer = setInterval(flush, EVERY_MS);
      try {
        const onUpdate = (update: JobUpdate) => {
          if (update.type === "event") progress = progressed(progress, update.event);
          if (update.type === "line") progress = heard(progress, update.text);
          waiting.push(update);
        };
        const job = await followJob({
          place: { ...place, hub: { ...place.hub, signal: undefined } },
          jobId: id,
          dollarsPerMinute,
          signal: own.signal,
          onUpdate,
          ...(jobTiming ? { timing: jobTiming } : {}),
        });
        flush();
        const where = `the bucket ${place.namespace}/${BUCKET}, folder ${folderOf(job)}`;
        const outcome = job.over ? outcomeOf(job, progress, where, dollarsPerMinute) : null;
        return { ...(await viewOf(located, job)), progress, outcome };
      } finally {
        clearInterval(timer);
        if (following === own) following = undefined;
      }
    },

    stopFollowing: async () => following?.abort(),
  };
}
