/** What the Hub says of a job, as far as we read it. Unknown stages are no end: a job is over when its stage says so. */
import * as z from "zod/mini";
import { plainLine } from "@/util/plain-text";

const text = z.string().check(z.maxLength(10_000));
const Time = z.nullish(text);

export const JobInfo = z.object({
  id: z.string().check(z.regex(/^[\w-]{1,100}$/)),
  createdAt: Time,
  startedAt: Time,
  finishedAt: Time,
  flavor: z.nullish(text),
  status: z.object({ stage: text, message: z.nullish(text) }),
  labels: z.nullish(z.record(text, text)),
  durations: z.nullish(z.object({ runningSecs: z.nullish(z.number()), totalSecs: z.nullish(z.number()) })),
  owner: z.nullish(z.object({ name: text })),
  initiator: z.nullish(z.object({ type: text })),
  /** Seconds. */
  timeout: z.nullish(z.number()),
});
type JobInfo = z.infer<typeof JobInfo>;

export const ScheduledInfo = z.object({
  id: z.string().check(z.regex(/^[\w-]{1,100}$/)),
  schedule: text,
  suspend: z.nullish(z.boolean()),
  createdAt: Time,
  jobSpec: z.object({ flavor: z.nullish(text), labels: z.nullish(z.record(text, text)) }),
  status: z.nullish(z.object({ lastJob: z.nullish(z.object({ id: text, at: Time })), nextJobRunAt: Time })),
});

export interface Job {
  readonly id: string;
  readonly namespace: string;
  readonly stage: string;
  /** Why, where the Hub says it. */
  readonly message: string;
  readonly over: boolean;
  readonly flavor: string;
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  /** On the machine, so far, and at least 1 once it was there; waiting for one is free. */
  readonly runningSeconds: number;
  readonly timeoutSeconds: number | null;
  /** Begun by a schedule. */
  readonly scheduled: boolean;
}

const OVER = new Set(["COMPLETED", "CANCELED", "ERROR", "DELETED"]);

export function readJob(info: JobInfo, namespace: string, now = Date.now()): Job {
  const { id, status, flavor, createdAt, startedAt, finishedAt, labels, durations, timeout, initiator } = info;
  const begun = Date.parse(startedAt ?? "");
  const ended = finishedAt ? Date.parse(finishedAt) : now;
  const measured = Number.isNaN(begun) || Number.isNaN(ended) ? 0 : Math.max(0, (ended - begun) / 1000);
  return {
    ...{ id, namespace, stage: status.stage, message: plainLine(status.message ?? ""), over: OVER.has(status.stage) },
    ...{ flavor: flavor ?? "", createdAt: createdAt ?? "", labels: labels ?? {} },
    runningSeconds: Math.max(durations?.runningSecs ?? measured, startedAt ? 1 : 0),
    timeoutSeconds: timeout ?? null,
    scheduled: initiator?.type === "scheduled-job",
  };
}

export interface ScheduledJob {
  readonly id: string;
  readonly schedule: string;
  readonly paused: boolean;
  readonly flavor: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly lastJob: string | null;
  readonly nextRunAt: string | null;
}

export function readScheduled({ id, schedule, suspend, jobSpec, status }: z.infer<typeof ScheduledInfo>): ScheduledJob {
  return {
    ...{ id, schedule, paused: suspend === true, flavor: jobSpec.flavor ?? "", labels: jobSpec.labels ?? {} },
    lastJob: status?.lastJob?.id ?? null,
    nextRunAt: status?.nextJobRunAt ?? null,
  };
}

/** Dollars; every begun minute on the machine counts, waiting for it does not. */
export const spentDollars = ({ runningSeconds }: Pick<Job, "runningSeconds">, dollarsPerMinute: number) =>
  Math.ceil(runningSeconds / 60) * dollarsPerMinute;

/** "$0.42"; never rounds a cost down to nothing. */
export const dollars = (amount: number) => (amount > 0 && amount < 0.01 ? "less than $0.01" : `$${amount.toFixed(2)}`);
