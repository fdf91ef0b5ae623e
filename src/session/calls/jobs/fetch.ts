/** What jobs made, brought home: verified, and kept as runs. A second time gives the same run. */
import { AppError } from "@/errors";
import { bringHome, bucketPlace, filesPlace, type HomeResult, repoPlace } from "@/offload/bring-home";
import { dollars, type Job } from "@/offload/job";
import { inspectJob } from "@/offload/jobs-client";
import { type Origin, runOfJob } from "@/offload/run-of-job";
import { BUCKET } from "@/offload/submission";
import { bringWeights, whereWeights } from "@/offload/weights-home";
import { bestCheckpoint } from "@/runs/record";
import { createRunStore } from "@/runs/store";
import type { JobDesk, Located } from "@/session/calls/jobs/desk";
import { folderOf } from "@/session/calls/jobs/folder";
import type { Platform } from "@/session/platform";
import { hashString } from "@/util/random";
import type { FetchedJob, JobsApi } from "@/worker/api/jobs";

type FetchCalls = Pick<JobsApi, "fetchJob" | "fetchResult" | "fetchWeights">;

/** "owner/name" of "hf:owner/name". */
const repoOf = (name: string) => /^hf:([\w.-]+\/[\w.-]+)$/.exec(name.trim())?.[1];

const placeOfResult = ({ place }: Located, job: Job) =>
  bucketPlace(place.hub, `${place.namespace}/${BUCKET}`, folderOf(job));

export function fetchCalls(platform: Platform, { hubOf, store, locate, viewOf }: JobDesk): FetchCalls {
  return {
    fetchJob: async (name, access) => {
      const repo = repoOf(name);
      if (repo) return keep(platform, await bringHome(await repoPlace(hubOf(access.token), repo)), null);
      const located = await locate(name, access);
      const known = located.kept?.run;
      const { records, files } = await platform.runs();
      const isKept = known && (await records.get(known)) !== undefined;
      if (isKept) {
        const record = await createRunStore(records, files).get(known);
        const notes = ["It was fetched before; this is that run."];
        if (bestCheckpoint(record)) return { run: known, adapter: [], verdict: record.verdict, notes };
      }
      const job = await inspectJob(located.place, located.id);
      const { spent, kept } = await viewOf(located, job);
      const home = await bringHome(placeOfResult(located, job)).catch((error: unknown) => {
        throw explained(error, job, spent);
      });
      const origin = { id: job.id, flavor: job.flavor, spentDollars: spent, kept: kept ?? undefined };
      const fetched = await keep(platform, home, origin, isKept ? known : undefined);
      if (kept) await (await store()).put({ ...kept, run: fetched.run });
      return fetched;
    },

    fetchResult: async (name, files) => keep(platform, await bringHome(filesPlace(name, files)), null),

    fetchWeights: async (name, access) => {
      const repo = repoOf(name);
      if (repo) return bringWeights(await repoPlace(hubOf(access.token), repo));
      const located = await locate(name, access);
      return bringWeights(placeOfResult(located, await inspectJob(located.place, located.id)));
    },
  };
}

/** `before`: the run that holds what came home unfinished; it is written over by what came of it. */
async function keep(platform: Platform, home: HomeResult, origin: Origin | null, before?: string): Promise<FetchedJob> {
  const { records, files } = await platform.runs();
  const runs = createRunStore(records, files);
  const now = Date.now();
  const made = runOfJob(home, origin, now, hashString(`${home.place} ${now}`));
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
}

/** What was spent goes with why there is nothing to fetch. */
function explained(error: unknown, { stage, over, message }: Job, spent: number | null): unknown {
  if (!(error instanceof AppError)) return error;
  const cost = spent === null ? "" : ` Spent so far: ${dollars(spent)}.`;
  const why = message ? ` (${message})` : "";
  const still = over ? `The job is ${stage}${why}.` : `The job is still ${stage}${why}; fetch it when it is done.`;
  return new AppError(error.code, `${error.message} ${still}`, { hint: `${error.hint}${cost}`, cause: error });
}
