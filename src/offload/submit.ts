/**
 * The click that spends: rows and script go into the account's bucket, then one job is asked for. Only with the ceiling that a
 * person agreed to; a price that rose meanwhile is told instead of paid. A request whose answer is lost is looked up by its
 * label and never sent twice.
 */
import { AppError } from "@/errors";
import type { Hub } from "@/hub/client";
import { flavorPrices } from "./hardware";
import { dollars, type Job, type ScheduledJob } from "./job";
import { jobsError } from "./job-errors";
import { createJob, createSchedule, type JobSpec, type JobsPlace, listJobs } from "./jobs-client";
import { ceilingOf, type JobPreview } from "./preflight";
import { BUCKET, type JobAsk, MOUNT, sentFiles, specOf } from "./submission";

export interface Confirmed {
  readonly preview: JobPreview;
  /** What a person agreed to spend at most. */
  readonly ceilingDollars: number;
}

type OnSent = (done: number, total: number) => void;

export async function submitJob(
  hub: Hub,
  ask: JobAsk,
  { preview, ceilingDollars }: Confirmed,
  onSent: OnSent,
): Promise<Job> {
  const place = { hub, namespace: preview.namespace };
  requireAgreed(preview, ceilingDollars);
  await sendFiles(hub, ask, preview, onSent);
  await requirePrice(hub, preview, ceilingDollars);
  // The jobs that it goes on with have the same label.
  const label = `burnish=${preview.key}`;
  const before = ask.continues === undefined ? [] : await listJobs(place, label);
  return startOnce(place, specOf(ask, preview), label, new Set(before.map(({ id }) => id)));
}

/** Trains the same again and again; every run writes a folder of its own. */
export async function submitSchedule(
  hub: Hub,
  ask: JobAsk,
  { preview, ceilingDollars }: Confirmed,
  schedule: string,
  onSent: OnSent,
): Promise<ScheduledJob> {
  requireAgreed(preview, ceilingDollars);
  if (!/^(@(annually|yearly|monthly|weekly|daily|hourly)|\S+( \S+){4})$/.test(schedule)) {
    throw new AppError("usage", `"${schedule.slice(0, 80)}" is no schedule.`, {
      hint: "Write @daily, @weekly, @monthly, or five fields as cron has them.",
    });
  }
  await sendFiles(hub, ask, preview, onSent);
  await requirePrice(hub, preview, ceilingDollars);
  const spec = specOf(ask, preview);
  const [program = "", ...words] = spec.command;
  const shell = [program, ...words]
    .map((word) => (word === `${MOUNT}/out` ? `"${MOUNT}/out-$JOB_ID"` : word))
    .join(" ");
  const command = ["bash", "-c", `exec ${shell}`];
  return createSchedule({ hub, namespace: preview.namespace }, { ...spec, command }, schedule, false);
}

function requireAgreed({ checks, ok, ceilingDollars }: JobPreview, agreed: number): void {
  const failed = checks.filter(({ state }) => state === "failed").map(({ sentence }) => sentence);
  if (!ok)
    throw new AppError("usage", `The job would not run: ${failed.join(" ")}`, {
      hint: "Nothing was sent, started or spent.",
    });
  if (ceilingDollars !== null && Math.abs(agreed - ceilingDollars) < 0.005) return;
  const most = ceilingDollars === null ? "a sum that is not known" : dollars(ceilingDollars);
  throw new AppError("usage", `The job could cost ${most}, and ${dollars(agreed)} was agreed to.`, {
    hint: "Look at the preview again. Nothing was sent, started or spent.",
  });
}

async function requirePrice(hub: Hub, { flavor, timeoutSeconds }: JobPreview, agreed: number): Promise<void> {
  const price = (await flavorPrices(hub)).get(flavor);
  if (price === undefined) {
    throw new AppError("job/no-flavor", `The Hub has no flavor ${flavor} any more.`, {
      hint: "Plan again and choose another. Nothing was started or spent.",
    });
  }
  const now = ceilingOf(price, timeoutSeconds);
  if (now <= agreed + 0.005) return;
  throw new AppError(
    "usage",
    `${flavor} has become dearer: at most ${dollars(now)}, and ${dollars(agreed)} was agreed to.`,
    { hint: "Look at the preview again. Nothing was started or spent." },
  );
}

async function sendFiles(hub: Hub, ask: JobAsk, { namespace, key }: JobPreview, onSent: OnSent): Promise<void> {
  const { createRepo, uploadFilesWithProgress } = await import("@huggingface/hub");
  const repo = { type: "bucket", name: `${namespace}/${BUCKET}` } as const;
  const access = { accessToken: hub.token?.trim() ?? "", hubUrl: hub.endpoint };
  const files = sentFiles(ask);
  const total = files.reduce((sum, { blob }) => sum + blob.size, 0);
  const sizes = new Map(files.map(({ name, blob }) => [`${key}/${name}`, blob.size]));
  const done = new Map<string, number>();
  try {
    await createRepo({ repo, ...access, visibility: "private" }).catch(async (error: unknown) => {
      if ((error as { statusCode?: number }).statusCode !== 409) throw error;
      await requirePrivate(hub, repo.name);
    });
    const events = uploadFilesWithProgress({
      ...{ repo, ...access, files: files.map(({ name, blob }) => ({ path: `${key}/${name}`, content: blob })) },
      ...(hub.signal ? { abortSignal: hub.signal } : {}),
    });
    for await (const event of events) {
      hub.signal?.throwIfAborted();
      if (event.event !== "fileProgress") continue;
      if (event.state === "error") throw new Error(`${event.path} did not arrive`);
      done.set(event.path, event.progress * (sizes.get(event.path) ?? 0));
      onSent(
        [...done.values()].reduce((a, b) => a + b, 0),
        total,
      );
    }
  } catch (error) {
    if (hub.signal?.aborted)
      throw new AppError("run/stopped", "Sending was stopped; no job was started, nothing was spent.", {
        cause: error,
      });
    throw jobsError(error, "start the job (sending its files)", namespace);
  }
}

/** What was public before would show everyone the rows. */
async function requirePrivate({ endpoint, token = "" }: Hub, bucket: string): Promise<void> {
  const response = await fetch(`${endpoint}/api/buckets/${bucket}`, {
    headers: { Authorization: `Bearer ${token.trim()}` },
  });
  const found = (await response.json().catch(() => ({}))) as { private?: unknown };
  if (found.private === true) return;
  throw new AppError("usage", `The bucket ${bucket} is not private; your rows would be there for all to see.`, {
    hint: `Make it private at ${endpoint}/buckets/${bucket}, then submit again. Nothing was sent or spent.`,
  });
}

/** Throws what refused it. After a lost answer the list of jobs says whether there is one. */
async function startOnce(place: JobsPlace, spec: JobSpec, label: string, before: ReadonlySet<string>): Promise<Job> {
  try {
    return await createJob(place, spec);
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "network/failed") throw error;
    const listed = await listJobs(place, label).catch(() => {
      throw new AppError("network/failed", `${error.message} Whether the job was started is not known.`, {
        hint: `Before you submit again, look at the list of jobs for the label ${label}: one that runs costs money.`,
        cause: error,
      });
    });
    const found = listed.find(({ id }) => !before.has(id));
    if (found) return found;
    throw new AppError("network/failed", `${error.message} No job was started, nothing was spent.`, {
      hint: error.hint,
      cause: error,
    });
  }
}
