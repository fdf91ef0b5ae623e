/** For tests: a loopback Jobs server with one account, and a quick clock. */
import { startHub, type TestHub } from "@/hub/loopback-hub";
import { enter, say, type TestJob } from "@/hub/loopback-job-state";
import type { FollowTiming } from "./follow";
import { createJob, type JobSpec, type JobsPlace } from "./jobs-client";

export const TOKEN = "hf_mayRunJobs";
export const TIMING: FollowTiming = { stall: 2000, drain: 1500, retry: 2, poll: 10, patience: 5 };

export async function startJobs(): Promise<{ hub: TestHub; place: JobsPlace }> {
  const hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", orgs: ["team"], role: "fineGrained", scoped: ["me"], jobs: true });
  return { hub, place: placeOf(hub) };
}

export const placeOf = (hub: TestHub, token = TOKEN): JobsPlace => ({
  hub: { endpoint: hub.url, token, patience: { waits: [1, 1], stall: 2000 } },
  namespace: "me",
});

export const SPEC: JobSpec = {
  ...{ dockerImage: "ghcr.io/astral-sh/uv:python3.12-bookworm", command: ["uv", "run", "/burnish/train.py"] },
  ...{ environment: {}, secrets: {}, flavor: "t4-small", timeoutSeconds: 600, labels: { burnish: "key" }, volumes: [] },
};

/** As the script says it. */
export const event = (value: object) => `@burnish ${JSON.stringify({ time: 1, ...value })}`;

export const LINES = [
  "Installed 61 packages in 4.1s",
  event({ type: "start", step: 0, steps: 3, tokensMatch: null }),
  event({ type: "step", step: 1, steps: 3, loss: 2.5, grad_norm: 1, epoch: 0.1 }),
  // Two equal lines are two lines; another alphabet has several bytes a letter.
  "Épreuve – 訓練",
  "Épreuve – 訓練",
  event({ type: "step", step: 2, steps: 3, loss: 2.0 }).replace("2}", "NaN}"),
  event({ type: "checkpoint", step: 3 }),
  event({ type: "done", seconds: 3 }),
];

/** A job that runs through at once. */
export async function finishedJob({ hub, place }: { hub: TestHub; place: JobsPlace }, lines = LINES): Promise<TestJob> {
  const { id } = await createJob(place, SPEC);
  const job = hub.jobs.jobs.get(id);
  if (!job) throw new Error("no job");
  enter(job, "RUNNING");
  for (const line of lines) say(job, line);
  enter(job, "COMPLETED");
  return job;
}
