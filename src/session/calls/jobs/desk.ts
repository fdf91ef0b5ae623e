/** What every question about a job needs: which job is meant, whose it is, whom to ask, and what it has cost. */
import { AppError } from "@/errors";
import { whoAmI } from "@/hub/account";
import { type Hub, PATIENCE } from "@/hub/client";
import { flavorPrices } from "@/offload/hardware";
import { type Job, spentDollars } from "@/offload/job";
import type { JobsPlace } from "@/offload/jobs-client";
import { type KeptJob, type KeptJobs, keptJobs } from "@/offload/kept-jobs";
import type { Platform } from "@/session/platform";
import type { JobAccess, JobView } from "@/worker/api/jobs";

export interface Located {
  readonly place: JobsPlace;
  readonly id: string;
  /** Null for a job that was not submitted from here. */
  readonly kept: KeptJob | null;
}

export interface JobDesk {
  store(): Promise<KeptJobs>;
  hubOf(token: string | undefined, signal?: AbortSignal): Hub;
  placeOf(access: JobAccess, signal?: AbortSignal): Promise<JobsPlace>;
  /** `name`: an id, its beginning, "last", or OWNER/ID for one from elsewhere. */
  locate(name: string, access: JobAccess, signal?: AbortSignal): Promise<Located>;
  /** Dollars a minute; null where nobody knows. */
  priceOf(located: Located, flavor: string): Promise<number | null>;
  /** What is told of a job; what is kept of it is brought up to date. */
  viewOf(located: Located, job: Job): Promise<JobView>;
}

export function jobDesk(platform: Platform): JobDesk {
  const store = async () => keptJobs(await platform.jobs());
  const hubOf = (token: string | undefined, signal?: AbortSignal): Hub => ({
    ...{ endpoint: platform.hub.endpoint, token: token ?? platform.hub.token, patience: PATIENCE, signal },
  });
  /** Asked of the token once for each question that does not say whose jobs are meant. */
  const placeOf = async ({ token, namespace }: JobAccess, signal?: AbortSignal): Promise<JobsPlace> => {
    const hub = hubOf(token, signal);
    return { hub, namespace: namespace ?? (await whoAmI(hub)).name };
  };

  const locate = async (name: string, access: JobAccess, signal?: AbortSignal): Promise<Located> => {
    const [, namespace, id] = /^([\w.-]+)\/([\w-]+)$/.exec(name.trim()) ?? [];
    if (namespace && id) {
      const kept = (await (await store()).get(id)) ?? null;
      return { place: await placeOf({ ...access, namespace }, signal), id, kept };
    }
    const kept = await (await store()).find(name.trim());
    if (kept.endpoint !== platform.hub.endpoint) {
      throw new AppError("usage", `That job runs at ${kept.endpoint}, not at ${platform.hub.endpoint}.`, {
        hint: "Set HF_ENDPOINT as it was when it was submitted.",
      });
    }
    return { place: await placeOf({ ...access, namespace: kept.namespace }, signal), id: kept.id, kept };
  };

  const priceOf = async ({ place, kept }: Located, flavor: string): Promise<number | null> =>
    kept?.dollarsPerMinute ?? (await flavorPrices(place.hub).catch(() => undefined))?.get(flavor) ?? null;

  const remember = async (kept: KeptJob | null, job: Job, spent: number | null): Promise<KeptJob | null> => {
    if (!kept) return null;
    const now = { ...kept, stage: job.stage, spentDollars: spent };
    await (await store()).put(now);
    return now;
  };
  const viewOf = async (located: Located, job: Job): Promise<JobView> => {
    const price = await priceOf(located, job.flavor);
    const spent = price === null ? null : spentDollars(job, price);
    return { job, spent, kept: await remember(located.kept, job, spent) };
  };

  return { store, hubOf, placeOf, locate, priceOf, viewOf };
}
