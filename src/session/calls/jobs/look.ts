/** Jobs and schedules as they stand: listed, asked after, followed to their end, cancelled. */
import { flavorPrices } from "@/offload/hardware";
import { type Job, spentDollars } from "@/offload/job";
import { cancelJob, changeSchedule, inspectJob, listJobs, listSchedules, runSchedule } from "@/offload/jobs-client";
import type { JobDesk } from "@/session/calls/jobs/desk";
import type { JobsApi } from "@/worker/api/jobs";

type LookCalls = Pick<
  JobsApi,
  "keptJobs" | "listJobs" | "jobStatus" | "cancelJob" | "schedules" | "changeSchedule" | "runSchedule"
>;

const isOurs = ({ labels }: Pick<Job, "labels">) => labels.burnish !== undefined;

export function lookCalls({ store, placeOf, locate, viewOf }: JobDesk): LookCalls {
  return {
    keptJobs: async () => (await store()).list(),

    listJobs: async (access) => {
      const place = await placeOf(access);
      const [jobs, prices, kept] = await Promise.all([
        listJobs(place),
        flavorPrices(place.hub).catch(() => new Map<string, number>()),
        (await store()).list(),
      ]);
      return jobs.filter(isOurs).map((job) => {
        const price = prices.get(job.flavor);
        const spent = price === undefined ? null : spentDollars(job, price);
        return { job, spent, kept: kept.find(({ id }) => id === job.id) ?? null };
      });
    },

    jobStatus: async (name, access) => {
      const located = await locate(name, access);
      return viewOf(located, await inspectJob(located.place, located.id));
    },

    cancelJob: async (name, access) => {
      const located = await locate(name, access);
      await cancelJob(located.place, located.id);
      return viewOf(located, await inspectJob(located.place, located.id));
    },

    schedules: async (access) => (await listSchedules(await placeOf(access))).filter(isOurs),
    changeSchedule: async (id, change, access) => changeSchedule(await placeOf(access), id, change),
    runSchedule: async (id, access) => {
      const place = await placeOf(access);
      return viewOf({ place, id, kept: null }, await runSchedule(place, id));
    },
  };
}
