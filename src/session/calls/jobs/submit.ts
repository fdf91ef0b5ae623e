/** Jobs sent off: looked at before they cost anything, submitted once or on a schedule, or once more in their folder. */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { askAgain } from "@/offload/again";
import type { Job } from "@/offload/job";
import { inspectJob } from "@/offload/jobs-client";
import { KeptJob } from "@/offload/kept-jobs";
import { preflight } from "@/offload/preflight";
import type { JobAsk } from "@/offload/submission";
import { type Confirmed, submitJob, submitSchedule } from "@/offload/submit";
import type { JobDesk } from "@/session/calls/jobs/desk";
import type { Core } from "@/session/core";
import { rowFindings } from "@/session/job-rows";
import type { JobsApi } from "@/worker/api/jobs";

type SubmitCalls = Pick<JobsApi, "previewJob" | "submitJob" | "scheduleJob" | "jobAgain">;

export function submitCalls({ platform, state }: Core, { hubOf, store, locate }: JobDesk): SubmitCalls {
  /** `stop` ends it, as it ends a download. */
  function stoppable<T>(task: (signal: AbortSignal) => Promise<T>): Promise<T> {
    state.download = new AbortController();
    return task(state.download.signal).finally(() => delete state.download);
  }

  return {
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
  };
}

function keptOf(job: Job, ask: JobAsk, { preview, ceilingDollars }: Confirmed, endpoint: string): KeptJob {
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
