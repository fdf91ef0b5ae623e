/** The loopback Hub's jobs on a schedule: made, listed, paused, moved, run at once, deleted. */
import { randomBytes } from "node:crypto";
import * as z from "zod/mini";
import {
  begin,
  fault,
  isOver,
  JobSpec,
  type JobsRequest,
  type JobsState,
  jobInfo,
  specInfo,
  type TestSchedule,
} from "./loopback-job-state";
import type { Answer } from "./loopback-upload";

const Text = z.string();
const Texts = z.record(Text, Text);

const CRON = /^(@(annually|yearly|monthly|weekly|daily|hourly)|(\S+ ){4}\S+)$/;
const Schedule = z.object({
  jobSpec: z.unknown(),
  schedule: Text,
  suspend: z._default(z.boolean(), false),
  concurrency: z._default(z.boolean(), false),
});

export async function answerScheduled(
  state: JobsState,
  { method, body }: JobsRequest,
  ns: string,
  id: string | undefined,
  act: string | undefined,
): Promise<Answer | undefined> {
  if (method === "GET" && !id) return { status: 200, body: [...state.scheduled.values()].map(scheduledInfo) };
  if (method === "POST" && !id) {
    const { jobSpec, ...when } = z.parse(Schedule, JSON.parse(await body()));
    if (!CRON.test(when.schedule)) return fault(400, "Invalid cron expression");
    const parsed = z.safeParse(JobSpec, jobSpec);
    if (!parsed.success) return fault(400, `Invalid input: ${parsed.error.issues[0]?.message}`);
    const made: TestSchedule = {
      ...{ id: randomBytes(12).toString("hex"), owner: ns, spec: parsed.data, createdAt: new Date(), lastJob: null },
      ...when,
    };
    state.scheduled.set(made.id, made);
    return { status: 200, body: scheduledInfo(made) };
  }
  const found = state.scheduled.get(id ?? "");
  if (found?.owner !== ns) return fault(404, "Scheduled job not found");
  if (method === "DELETE") return { status: state.scheduled.delete(found.id) ? 200 : 404, body: {} };
  if (act === "suspend" || act === "resume") found.suspend = act === "suspend";
  if (act === "schedule") found.schedule = z.parse(z.object({ schedule: Text }), JSON.parse(await body())).schedule;
  if (act === "labels") Object.assign(found.spec, z.parse(z.object({ labels: Texts }), JSON.parse(await body())));
  if (act === "run") {
    const last = state.jobs.get(found.lastJob?.id ?? "");
    if (last && !isOver(last) && !found.concurrency) return fault(409, "Another instance is already running");
    const job = begin(state, ns, found.spec, { type: "scheduled-job", id: found.id });
    found.lastJob = { id: job.id, at: job.createdAt.toISOString() };
    return { status: 200, body: jobInfo(job) };
  }
  return { status: 200, body: scheduledInfo(found) };
}

function scheduledInfo({ id, owner, spec, schedule, suspend, concurrency, createdAt, lastJob }: TestSchedule): object {
  const nextJobRunAt = suspend ? null : new Date(Date.now() + 3600_000).toISOString();
  return {
    ...{ id, schedule, suspend, concurrency, createdAt: createdAt.toISOString(), updatedAt: createdAt.toISOString() },
    ...{ jobSpec: specInfo(spec), status: { lastJob, nextJobRunAt }, owner: { id: owner, name: owner, type: "user" } },
  };
}
