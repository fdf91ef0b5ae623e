/** Jobs on rented GPUs: looked at before they cost anything, submitted, followed, and brought home as kept runs. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { whoAmI } from "@/hub/account";
import { type Hub, PATIENCE } from "@/hub/client";
import { askAgain } from "@/offload/again";
import { bringHome, bucketPlace, filesPlace, type HomeResult, repoPlace } from "@/offload/bring-home";
import { followJob, type JobUpdate } from "@/offload/follow";
import { flavorPrices } from "@/offload/hardware";
import { dollars, type Job, spentDollars } from "@/offload/job";
import {
  cancelJob,
  changeSchedule,
  inspectJob,
  type JobsPlace,
  listJobs,
  listSchedules,
  runSchedule,
} from "@/offload/jobs-client";
import { KeptJob, keptJobs } from "@/offload/kept-jobs";
import { outcomeOf } from "@/offload/outcome";
import { preflight } from "@/offload/preflight";
import { heard, noProgress, progressed } from "@/offload/progress";
import { type Origin, runOfJob } from "@/offload/run-of-job";
import { BUCKET } from "@/offload/submission";
import { type Confirmed, submitJob, submitSchedule } from "@/offload/submit";
import { bringWeights, whereWeights } from "@/offload/weights-home";
import { bestCheckpoint } from "@/runs/record";
import { createRunStore } from "@/runs/store";
import { planCalls } from "@/session/calls/job-plan";
import type { Core } from "@/session/core";
import { rowFindings } from "@/session/job-rows";
import { hashString } from "@/util/random";
import type { FetchedJob, JobAccess, JobsApi, JobView } from "@/worker/api/jobs";

const EVERY_MS = 100;

export function jobCalls(core: Core): JobsApi {
  const { platform, state } = core;
  let following: AbortController | undefined;
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

  const keep = async (home: HomeResult, origin: Origin | null, before?: string): Promise<FetchedJob> => {
    const { records, files } = await platform.runs();
    const runs = createRunStore(records, files);
    const now = Date.now();
    const made = runOfJob(home, origin, now, hashString(`${home.place} ${now}`));
    // What came home unfinished is written over by what came of it.
    const record = { ...made, id: before ?? made.id };
    await runs.put(record);
    const weights = home.adapter.find(({ name }) => name.endsWith(".safetensors"))?.blob;
    const { evaluation, evals, steps, notes } = home.result;
    if (weights) {
      const passRate = evaluation && evaluation.n > 0 ? evaluation.tuned.passed / evaluation.n : null;
      const measured = { evalLoss: evals.at(-1)?.loss ?? null, passRate };
      await runs.keepCheckpoint(record, steps, measured, new Uint8Array(await weights.arrayBuffer()));
    }
    const where = whereWeights(home.result, home.place);
    const told = where === null ? notes : [...notes, where];
    return { run: record.id, adapter: home.adapter, verdict: record.verdict, notes: told };
  };

  return {
    ...planCalls(core),

    previewJob: async (ask) => {
      const rows = await ask.files.find(({ name }) => name === "train.jsonl")?.blob.text();
      return preflight(hubOf(ask.token), ask, rowFindings(rows ?? "", ask.recipe.method));
    },

    submitJob: async (ask, confirmed, onSent) => {
      const job = await stoppable((signal) => submitJob(hubOf(ask.token, signal), ask, confirmed, onSent));
      const kept = keptOf(job, ask, confirmed, platform.hub.endpoint);
      await (await store()).put(kept);
      return kept;
    },

    scheduleJob: async (ask, confirmed, schedule, onSent) =>
      stoppable((signal) => submitSchedule(hubOf(ask.token, signal), ask, confirmed, schedule, onSent)),

    jobAgain: async (name, access) => {
      const { place, id, kept } = await locate(name, access);
      if (!kept)
        throw new AppError("usage", "That job was not submitted from here, so that its settings are not known.", {
          hint: "Submit it anew, or let it go on from where it was submitted.",
        });
      if (!(await inspectJob(place, id)).over)
        throw new AppError("usage", "That job is still at work; two in one folder would spoil each other's results.", {
          hint: "Wait for its end, or cancel it. Nothing was sent, started or spent.",
        });
      return { ...(await askAgain(place.hub, kept)), token: access.token };
    },

    keptJobs: async () => (await store()).list(),

    listJobs: async (access) => {
      const place = await placeOf(access);
      const [jobs, prices, kept] = await Promise.all([
        listJobs(place),
        flavorPrices(place.hub).catch(() => new Map<string, number>()),
        (await store()).list(),
      ]);
      return jobs
        .filter(({ labels }) => labels.burnish !== undefined)
        .map((job) => {
          const price = prices.get(job.flavor);
          const spent = price === undefined ? null : spentDollars(job, price);
          return { job, spent, kept: kept.find(({ id }) => id === job.id) ?? null };
        });
    },

    jobStatus: async (name, access) => {
      const located = await locate(name, access);
      return viewOf(located, await inspectJob(located.place, located.id));
    },

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
          ...(platform.jobTiming ? { timing: platform.jobTiming } : {}),
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

    cancelJob: async (name, access) => {
      const located = await locate(name, access);
      await cancelJob(located.place, located.id);
      return viewOf(located, await inspectJob(located.place, located.id));
    },

    fetchJob: async (name, access) => {
      const repo = /^hf:([\w.-]+\/[\w.-]+)$/.exec(name.trim())?.[1];
      if (repo) return keep(await bringHome(await repoPlace(hubOf(access.token), repo)), null);
      const located = await locate(name, access);
      const known = located.kept?.run;
      const { records, files } = await platform.runs();
      const isKept = known && (await records.get(known)) !== undefined;
      if (isKept) {
        const record = await createRunStore(records, files).get(known);
        const point = bestCheckpoint(record);
        if (point)
          return {
            run: known,
            adapter: [],
            verdict: record.verdict,
            notes: ["It was fetched before; this is that run."],
          };
      }
      const job = await inspectJob(located.place, located.id);
      const { spent, kept } = await viewOf(located, job);
      const place = bucketPlace(located.place.hub, `${located.place.namespace}/${BUCKET}`, folderOf(job));
      const home = await bringHome(place).catch((error: unknown) => {
        throw explained(error, job, spent);
      });
      const fetched = await keep(
        home,
        {
          id: job.id,
          flavor: job.flavor,
          spentDollars: spent,
          kept: kept ?? undefined,
        },
        isKept ? known : undefined,
      );
      if (kept) await (await store()).put({ ...kept, run: fetched.run });
      return fetched;
    },

    fetchResult: async (name, files) => keep(await bringHome(filesPlace(name, files)), null),

    fetchWeights: async (name, access) => {
      const repo = /^hf:([\w.-]+\/[\w.-]+)$/.exec(name.trim())?.[1];
      if (repo) return bringWeights(await repoPlace(hubOf(access.token), repo));
      const { place, id } = await locate(name, access);
      const folder = folderOf(await inspectJob(place, id));
      return bringWeights(bucketPlace(place.hub, `${place.namespace}/${BUCKET}`, folder));
    },

    schedules: async (access) => {
      const all = await listSchedules(await placeOf(access));
      return all.filter(({ labels }) => labels.burnish !== undefined);
    },
    changeSchedule: async (id, change, access) => changeSchedule(await placeOf(access), id, change),
    runSchedule: async (id, access) => {
      const place = await placeOf(access);
      return viewOf({ place, id, kept: null }, await runSchedule(place, id));
    },
  };

  function stoppable<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    state.download = new AbortController();
    return task(state.download.signal).finally(() => delete state.download);
  }
}

interface Located {
  readonly place: JobsPlace;
  readonly id: string;
  readonly kept: KeptJob | null;
}

/** Runs of a schedule write beside each other. */
function folderOf({ id, labels, scheduled }: Job): string {
  const key = labels.burnish;
  if (key && /^[0-9a-z][0-9a-z-]{3,100}$/.test(key)) return scheduled ? `${key}/out-${id}` : `${key}/out`;
  throw new AppError("usage", "That job was not made by Burnish: it has no label that says where its result lies.", {
    hint: "Fetch the folder that it wrote: burnish jobs fetch DIR.",
  });
}

/** What was spent goes with why there is nothing to fetch. */
function explained(error: unknown, { stage, over, message }: Job, spent: number | null): unknown {
  if (!(error instanceof AppError)) return error;
  const cost = spent === null ? "" : ` Spent so far: ${dollars(spent)}.`;
  const why = message ? ` (${message})` : "";
  const still = over ? `The job is ${stage}${why}.` : `The job is still ${stage}${why}; fetch it when it is done.`;
  return new AppError(error.code, `${error.message} ${still}`, { hint: `${error.hint}${cost}`, cause: error });
}

function keptOf(
  job: Job,
  ask: Parameters<JobsApi["submitJob"]>[0],
  { preview, ceilingDollars }: Confirmed,
  endpoint: string,
): KeptJob {
  return z.parse(KeptJob, {
    ...{ version: 1, id: job.id, key: preview.key, namespace: preview.namespace, endpoint, createdAt: Date.now() },
    ...{
      flavor: ask.flavor,
      dollarsPerMinute: preview.dollarsPerMinute,
      ceilingDollars,
      timeoutSeconds: ask.timeoutSeconds,
    },
    ...{ name: ask.name, model: ask.model, data: ask.data, recipe: ask.recipe },
    ...{ stage: job.stage, spentDollars: 0, run: null },
  });
}
