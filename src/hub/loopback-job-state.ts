/**
 * What the loopback Hub knows of its jobs, and how tests move them: a `runner` takes a new one through its stages and says
 * its lines. `loopback-jobs.ts` has the routes, `loopback-job-streams.ts` the streams.
 */
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import * as z from "zod/mini";
import { type Answer, mayWrite, type TestAccount } from "./loopback-upload";

export type TestStage = "SCHEDULING" | "RUNNING" | "COMPLETED" | "CANCELED" | "ERROR" | "DELETED" | "UPDATING";
const TERMINAL: readonly TestStage[] = ["COMPLETED", "CANCELED", "ERROR", "DELETED"];

const Text = z.string();
const Texts = z.record(Text, Text);
export const JobSpec = z.looseObject({
  dockerImage: z.optional(Text),
  spaceId: z.optional(Text),
  command: z.optional(z.array(Text)),
  arguments: z.optional(z.array(Text)),
  environment: z._default(Texts, {}),
  secrets: z.optional(Texts),
  flavor: Text,
  timeoutSeconds: z.optional(z.nullable(z.number())),
  attempts: z.optional(z.number()),
  labels: z.optional(Texts),
  volumes: z.optional(z.array(z.looseObject({ type: Text, source: Text, mountPath: Text, path: z.optional(Text) }))),
  expose: z.optional(z.object({ ports: z.array(z.number()), portsPublic: z.array(z.number()) })),
});
export type TestJobSpec = z.infer<typeof JobSpec>;

export interface TestJob {
  readonly id: string;
  readonly owner: string;
  readonly spec: TestJobSpec;
  readonly initiator: { type: string; id: string; name?: string };
  stage: TestStage;
  message: string | null;
  readonly createdAt: Date;
  startedAt: Date | null;
  finishedAt: Date | null;
  /** Bytes of its log's connections after which they are cut, once each; before those of the server. */
  readonly cuts: number[];
  readonly logs: { readonly data: string; readonly timestamp: string }[];
  /** "line", "stage", "metric". */
  readonly changes: EventEmitter;
}

export interface TestSchedule {
  readonly id: string;
  readonly owner: string;
  readonly spec: TestJobSpec;
  schedule: string;
  suspend: boolean;
  readonly concurrency: boolean;
  readonly createdAt: Date;
  lastJob: { id: string; at: string } | null;
}

export interface TestFlavor {
  readonly name: string;
  readonly dollarsPerHour: number;
  readonly gpu?: { readonly model: string; readonly quantity: number; readonly vram: number };
}

export interface JobsState {
  readonly jobs: Map<string, TestJob>;
  readonly scheduled: Map<string, TestSchedule>;
  /** Flavors may vanish. */
  flavors: readonly TestFlavor[];
  /** What a new job does; without one it waits for ever. */
  runner: (job: TestJob) => void;
  /** Once: the answer to a request for a job is lost, before or after the job is made. */
  lose: "before" | "after" | undefined;
  /** Jobs in an answer to a list, before the next page. */
  pageSize: number;
  readonly faults: {
    /** Bytes of a log's stream after which its connection is cut, once each. */
    streamCuts: number[];
    /** Statuses to answer a stream with first. */
    streamStatuses: number[];
    /** Statuses to answer everything else of Jobs with first. */
    statuses: number[];
    /** Milliseconds between keep-alive comments. */
    keepAlive: number;
    /** A log that stays open, and silent, after the end. */
    openEnd: boolean;
  };
}

const FLAVORS: readonly TestFlavor[] = [
  { name: "cpu-basic", dollarsPerHour: 0.01 },
  { name: "t4-small", dollarsPerHour: 0.4, gpu: { model: "T4", quantity: 1, vram: 16 } },
  { name: "l4x1", dollarsPerHour: 0.8, gpu: { model: "L4", quantity: 1, vram: 24 } },
  { name: "a10g-large", dollarsPerHour: 1.5, gpu: { model: "A10G", quantity: 1, vram: 24 } },
  { name: "a100-large", dollarsPerHour: 2.5, gpu: { model: "A100", quantity: 1, vram: 80 } },
  { name: "a100x4", dollarsPerHour: 10, gpu: { model: "A100", quantity: 4, vram: 320 } },
];

export const newJobs = (): JobsState => ({
  jobs: new Map(),
  scheduled: new Map(),
  flavors: FLAVORS,
  runner: () => {},
  lose: undefined,
  pageSize: 100,
  faults: { streamCuts: [], streamStatuses: [], statuses: [], keepAlive: 30_000, openEnd: false },
});

export const isOver = ({ stage }: TestJob) => TERMINAL.includes(stage);

export function say(job: TestJob, data: string): void {
  job.logs.push({ data, timestamp: new Date().toISOString() });
  job.changes.emit("line");
}

export function enter(job: TestJob, stage: TestStage, message: string | null = null): void {
  if (isOver(job)) return;
  job.stage = stage;
  job.message = message;
  if (stage === "RUNNING") job.startedAt ??= new Date();
  if (isOver(job)) job.finishedAt = new Date();
  job.changes.emit("stage");
}

export interface JobsRequest {
  readonly method: string;
  readonly url: URL;
  readonly account: TestAccount | undefined;
  body(): Promise<string>;
}

export function begin(state: JobsState, owner: string, spec: TestJobSpec, initiator: TestJob["initiator"]): TestJob {
  const job: TestJob = {
    ...{ id: randomBytes(12).toString("hex"), owner, spec, initiator, stage: "SCHEDULING", message: null },
    ...{ createdAt: new Date(), startedAt: null, finishedAt: null, cuts: [], logs: [], changes: new EventEmitter() },
  };
  job.changes.setMaxListeners(0);
  state.jobs.set(job.id, job);
  // After the answer is on its way, as it is over there.
  setTimeout(() => state.runner(job), 5).unref();
  return job;
}

const seconds = (from: Date, to: Date | null) => Math.round(((to ?? new Date()).getTime() - from.getTime()) / 1000);

export function jobInfo(job: TestJob): object {
  const { id, owner, spec, initiator, stage, message, createdAt, startedAt, finishedAt } = job;
  return {
    type: "job",
    id,
    createdAt: createdAt.toISOString(),
    startedAt: startedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
    ...specInfo(spec),
    status: { stage, message, failureCount: stage === "ERROR" ? 1 : 0 },
    durations: {
      schedulingSecs: startedAt ? seconds(createdAt, startedAt) : null,
      runningSecs: startedAt ? seconds(startedAt, finishedAt) : null,
      totalSecs: seconds(createdAt, finishedAt),
    },
    owner: { id: owner, name: owner, type: "user" },
    initiator,
    retry: (spec.attempts ?? 1) - 1,
  };
}

/** As it comes back: of secrets only the names. */
export function specInfo({ secrets = {}, timeoutSeconds, ...spec }: TestJobSpec): object {
  return { ...spec, arguments: spec.arguments ?? [], secrets: Object.keys(secrets), timeout: timeoutSeconds ?? 1800 };
}

export function mayRun(account: TestAccount, ns: string): boolean {
  if (account.role === "fineGrained") return account.jobs === true && mayWrite(account, `${ns}/any`);
  return mayWrite(account, `${ns}/any`);
}

export function fault(status: number, error: string): Answer {
  return { status, body: { error } };
}
