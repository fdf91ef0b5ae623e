/**
 * The Jobs API: @huggingface/hub's functions where they do, plain fetch where they do not (a list in pages, streams that can
 * be stopped). Every answer goes through zod. The token goes into one header of requests to the endpoint; redirects, caches
 * and cookies never see it.
 */
import type { SpaceHardwareFlavor } from "@huggingface/hub";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { type Hub, patienceOf, requireSafeToken } from "@/hub/client";
import { type Job, JobInfo, readJob, readScheduled, ScheduledInfo, type ScheduledJob } from "@/offload/job";
import { jobsError } from "@/offload/job-errors";

export interface JobsPlace {
  readonly hub: Hub;
  /** Whose jobs: an account or an organisation. */
  readonly namespace: string;
}

export interface JobSpec {
  readonly dockerImage: string;
  readonly command: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** Values go in, only names come back. */
  readonly secrets: Readonly<Record<string, string>>;
  readonly flavor: string;
  readonly timeoutSeconds: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly volumes: readonly {
    readonly type: "bucket" | "model" | "dataset";
    readonly source: string;
    readonly mountPath: string;
    readonly readOnly: boolean;
    readonly path?: string;
    readonly revision?: string;
  }[];
}

const library = () => import("@huggingface/hub");

function access({ hub, namespace }: JobsPlace) {
  requireSafeToken(hub);
  const token = hub.token?.trim() ?? "";
  if (token === "") {
    throw new AppError("usage", "Jobs need a token of Hugging Face.", {
      hint: "Log in, paste one, or set HF_TOKEN; huggingface.co/settings/tokens makes one with the permission to run jobs.",
    });
  }
  return { namespace, accessToken: token, hubUrl: hub.endpoint, fetch: quietFetch(hub) };
}

/** For answers that come at once: a question without an answer is given up. */
function quietFetch(hub: Hub): typeof fetch {
  const { signal } = hub;
  const { stall } = patienceOf(hub);
  return (input, init) => {
    const timeout = AbortSignal.timeout(stall);
    return fetch(input, {
      ...init,
      ...{ credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" },
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  };
}

async function asked<T>(
  place: JobsPlace,
  doing: string,
  task: () => Promise<unknown>,
  schema: z.ZodMiniType<T>,
): Promise<T> {
  const answer = await task().catch((error: unknown) => {
    throw jobsError(error, doing, place.namespace);
  });
  const parsed = z.safeParse(schema, answer);
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  throw new AppError("file/malformed", `The Hub's answer has another shape (${path.join(".")}: ${message}).`, {
    hint: "Something between here and the Hub may answer in its place; or Burnish is older than the Hub.",
  });
}

const Nothing = z.unknown();

/** The library lists the flavors that it knew when it was published; the Hub's own list decides. */
const sent = ({ flavor, command, volumes, ...rest }: JobSpec) => ({
  ...rest,
  flavor: flavor as SpaceHardwareFlavor,
  command: [...command],
  volumes: volumes.map(({ type, source, ...mount }) => ({ source: { type, name: source }, ...mount })),
  labels: { ...rest.labels },
  environment: { ...rest.environment },
  secrets: { ...rest.secrets },
});

export async function createJob(place: JobsPlace, spec: JobSpec): Promise<Job> {
  const { runJob } = await library();
  return readJob(
    await asked(place, "start the job", () => runJob({ ...access(place), ...sent(spec) }), JobInfo),
    place.namespace,
  );
}

export async function inspectJob(place: JobsPlace, jobId: string): Promise<Job> {
  const { getJob } = await library();
  return readJob(
    await asked(place, "look at the job", () => getJob({ ...access(place), jobId }), JobInfo),
    place.namespace,
  );
}

export async function cancelJob(place: JobsPlace, jobId: string): Promise<void> {
  const { cancelJob: cancel } = await library();
  await asked(place, "cancel the job", () => cancel({ ...access(place), jobId }), Nothing);
}

const MOST_PAGES = 50;

/** Newest first. `label`: "key=value". */
export async function listJobs(place: JobsPlace, label?: string): Promise<Job[]> {
  const { accessToken, hubUrl, fetch: get } = access(place);
  const first = new URL(`${hubUrl}/api/jobs/${encodeURIComponent(place.namespace)}`);
  if (label) first.searchParams.set("label", label);
  const found: Job[] = [];
  let next: URL | undefined = first;
  for (let page = 0; next && page < MOST_PAGES; page++) {
    const url: URL = next;
    const ask = async () => {
      const response = await get(url, { headers: { Authorization: `Bearer ${accessToken}` } });
      if (!response.ok) throw Object.assign(new Error(await said(response)), { statusCode: response.status });
      next = nextPage(response.headers.get("Link"), url);
      return response.json();
    };
    found.push(
      ...(await asked(place, "list the jobs", ask, z.array(JobInfo))).map((one) => readJob(one, place.namespace)),
    );
  }
  return found;
}

/** Only on the same server: the token goes along. */
function nextPage(link: string | null, from: URL): URL | undefined {
  const address = /<([^>]+)>;\s*rel="next"/.exec(link ?? "")?.[1];
  const next = address && URL.canParse(address, from) ? new URL(address, from) : undefined;
  return next?.origin === from.origin ? next : undefined;
}

async function said(response: Response): Promise<string> {
  try {
    return z.parse(z.object({ error: z.string() }), JSON.parse(await response.text())).error;
  } catch {
    return "";
  }
}

export type StreamKind = "logs" | "metrics";

/** The stream's bytes, until `signal`. Throws AppError as every other question; `statusCode` 406 is an end, not a fault. */
export async function openStream(
  place: JobsPlace,
  jobId: string,
  kind: StreamKind,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array> | null> {
  const { accessToken, hubUrl, namespace } = access(place);
  const url = `${hubUrl}/api/jobs/${encodeURIComponent(namespace)}/${encodeURIComponent(jobId)}/${kind}`;
  const headers = { Authorization: `Bearer ${accessToken}`, Accept: "text/event-stream" };
  const options = { credentials: "omit", referrerPolicy: "no-referrer", cache: "no-store" } as const;
  const response = await fetch(url, { headers, signal, ...options }).catch((error: unknown) => {
    throw jobsError(error, "follow the job", namespace);
  });
  if (response.ok) return response.body;
  const message = await said(response);
  throw jobsError(Object.assign(new Error(message), { statusCode: response.status }), "follow the job", namespace);
}

export async function createSchedule(
  place: JobsPlace,
  spec: JobSpec,
  schedule: string,
  paused: boolean,
): Promise<ScheduledJob> {
  const { createScheduledJob } = await library();
  const ask = () => createScheduledJob({ ...access(place), jobSpec: sent(spec), schedule, suspend: paused });
  return readScheduled(await asked(place, "put the job on a schedule", ask, ScheduledInfo));
}

export async function listSchedules(place: JobsPlace): Promise<ScheduledJob[]> {
  const { listScheduledJobs } = await library();
  const ask = () => listScheduledJobs(access(place));
  return (await asked(place, "list the schedules", ask, z.array(ScheduledInfo))).map(readScheduled);
}

export type ScheduleChange = "pause" | "resume" | "delete";

export async function changeSchedule(place: JobsPlace, jobId: string, change: ScheduleChange): Promise<void> {
  const { suspendScheduledJob, resumeScheduledJob, deleteScheduledJob } = await library();
  const call = { pause: suspendScheduledJob, resume: resumeScheduledJob, delete: deleteScheduledJob }[change];
  await asked(place, `${change} the schedule`, () => call({ ...access(place), jobId }), Nothing);
}

/** Throws "usage" when the one before is still at work. */
export async function runSchedule(place: JobsPlace, jobId: string): Promise<Job> {
  const { runScheduledJob } = await library();
  const found = await asked(
    place,
    "run the schedule",
    () => runScheduledJob({ ...access(place), jobId }),
    z.nullable(JobInfo),
  );
  if (found) return readJob(found, place.namespace);
  throw new AppError("usage", "The job of this schedule that began before is still at work.", {
    hint: "Wait for its end, or cancel it. Nothing more was started.",
  });
}
