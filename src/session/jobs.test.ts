/** A job from its preview to a run of the list, on a loopback Hub. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TestHub } from "@/hub/loopback-hub";
import { enter, say } from "@/hub/loopback-job-state";
import type { JobUpdate } from "@/offload/follow";
import { event } from "@/offload/test-jobs";
import type { Session } from "@/session/contract";
import { ask, sessionAt, submit } from "@/session/test-job";
import { bucketOf, startJobHub, TOKEN, work } from "@/session/test-work";
import { sha256Hex } from "@/util/sha256";

let hub: TestHub;
let session: Session;
vi.setConfig({ testTimeout: 30_000 });
beforeEach(async () => {
  hub = await startJobHub();
  session = sessionAt(hub);
});
afterEach(() => hub.close());

const bucket = () => bucketOf(hub);

test("from the preview to a run that is listed, compared, opened and answered with", async () => {
  hub.jobs.runner = (job) => void work(hub, job);
  const preview = await session.previewJob(ask());
  expect(preview.checks.filter(({ state }) => state !== "passed")).toEqual([]);
  expect(preview).toMatchObject({ ok: true, namespace: "me", ceilingDollars: 0.2 });
  expect(preview.leaves.join(" ")).toMatch(
    /8 rows of rows.jsonl.*private bucket me\/burnish-jobs.*Your token goes to no machine/,
  );
  const kept = await session.submitJob(ask(), { preview, ceilingDollars: 0.2 }, () => {});
  // Only what the job needs was sent, and no token with it.
  expect([...bucket().keys()].filter((name) => !name.includes("/out/")).sort()).toEqual([
    `${kept.key}/train.jsonl`,
    `${kept.key}/train.py`,
  ]);
  const job = hub.jobs.jobs.get(kept.id);
  expect(job?.spec).toMatchObject({ flavor: "t4-small", timeoutSeconds: 1800, labels: { burnish: kept.key } });
  expect(job?.spec.secrets).toEqual({});
  expect(JSON.stringify([job?.spec, kept, hub.log])).not.toContain(TOKEN);

  const updates: JobUpdate[] = [];
  const ended = await session.followJob(kept.id.slice(0, 8), {}, (some) => updates.push(...some));
  expect(ended.outcome).toMatchObject({ ok: true, spent: expect.stringMatching(/^Spent: 1 min = /) });
  expect(ended.progress).toMatchObject({ step: 3, totalSteps: 3, loss: 1.5, hasResult: true });

  const { run, adapter, verdict } = await session.fetchJob("last", {});
  expect(verdict).toMatch(/3 of 4 right/);
  expect(adapter.map(({ name }) => name)).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  const [listed] = await session.listRuns();
  expect(listed).toMatchObject({ id: run, status: "done", loss: 1.5, evalLoss: 1.75, model: "test/tiny", steps: 3 });
  const record = await session.readRun(run);
  expect(record.series.grad_norm).toEqual({ steps: [1, 2, 3], values: [1, 1, 1] });
  expect(record.job).toMatchObject({ id: kept.id, flavor: "t4-small" });
  expect((await session.jobStatus(kept.id, {})).kept?.run).toBe(run);
  // A second time gives the same run.
  expect((await session.fetchJob(kept.id, {})).run).toBe(run);

  await session.openRun(run, "best");
  const options = { maxTokens: 6, temperature: 0, seed: 1, chat: false };
  const tuned = await session.generate("The ", { ...options, adapter: true }, () => {});
  const base = await session.generate("The ", { ...options, adapter: false }, () => {});
  await session.loadAdapter(adapter);
  expect(await session.generate("The ", { ...options, adapter: true }, () => {})).toBe(tuned);
  expect(tuned).not.toBe(base);
});

test("jobs are listed with those of other machines; a folder that a job wrote elsewhere comes home too", async () => {
  hub.jobs.runner = (job) => void work(hub, job);
  const { id } = await submit(session);
  await session.followJob(id, {}, () => {});
  const elsewhere = sessionAt(hub);
  expect(await elsewhere.keptJobs()).toEqual([]);
  const [view] = await elsewhere.listJobs({});
  expect(view).toMatchObject({ job: { id, stage: "COMPLETED" }, kept: null });
  const { run } = await elsewhere.fetchJob(`me/${id}`, {});
  expect((await elsewhere.readRun(run)).job).toMatchObject({ id });
  const files = [...bucket()].map(([name, body]) => ({
    name: name.split("/").slice(1).join("/"),
    blob: new Blob([new Uint8Array(body)]),
  }));
  expect((await elsewhere.readRun((await elsewhere.fetchResult("a folder", files)).run)).steps).toBe(3);
});

test("a job that ran into its timeout goes on in its folder, and not while it is at work", async () => {
  hub.jobs.runner = (job) => {
    enter(job, "RUNNING");
    const lines = [event({ type: "start", step: 0, steps: 3 }), event({ type: "checkpoint", step: 2 })];
    for (const line of lines) say(job, line);
    const kept = lines.map((line) => line.replace("@burnish ", "")).join("\n");
    bucket().set(`${job.spec.labels?.burnish}/out/events.jsonl`, Buffer.from(kept));
  };
  const first = await submit(session);
  await expect(session.jobAgain(first.id, {})).rejects.toMatchObject({ code: "usage", message: /still at work/ });
  const job = hub.jobs.jobs.get(first.id);
  if (job) enter(job, "ERROR", "Job timeout");
  await expect(session.fetchJob(first.id, {})).rejects.toMatchObject({
    message: /no result.json.*last checkpoint is of step 2\. The job is ERROR \(Job timeout\)/,
  });
  hub.jobs.runner = (one) => void work(hub, one);
  const again = { ...(await session.jobAgain(first.id, {})), timeoutSeconds: 3600 };
  // The answer is lost; the job before has the same label, and is not it.
  hub.jobs.lose = "after";
  const second = await submit(session, again);
  expect(second).toMatchObject({ key: first.key, timeoutSeconds: 3600, recipe: first.recipe });
  expect(second.id).not.toBe(first.id);
  await session.followJob(second.id, {}, () => {});
  const { run } = await session.fetchJob("last", {});
  expect((await session.readRun(run)).steps).toBe(3);
  bucket().delete(`${first.key}/train.py`);
  await expect(session.jobAgain(second.id, {})).rejects.toMatchObject({ message: /no train.py.*cannot go on/ });
});

test("whole weights: a run that says where they lie, and a folder that opens as a model", async () => {
  const whole = ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"];
  const model = hub.repos.get("test/tiny")?.files ?? new Map<string, Buffer>();
  const named = await Promise.all(
    whole.map(async (name) => {
      const body = model.get(name) ?? Buffer.alloc(0);
      return { path: `model/${name}`, bytes: body.length, sha256: await sha256Hex(new Uint8Array(body)) };
    }),
  );
  hub.jobs.runner = (job) =>
    void work(hub, job, (result) => {
      Object.assign(result, { weights: "full", files: named });
      for (const name of whole)
        bucket().set(`${job.spec.labels?.burnish}/out/model/${name}`, model.get(name) ?? Buffer.alloc(0));
    });
  const { id, key } = await submit(session);
  await session.followJob(id, {}, () => {});
  const { run, adapter, notes } = await session.fetchJob(id, {});
  expect(adapter).toEqual([]);
  expect(notes.join(" ")).toMatch(
    /All weights were trained; they lie in the bucket me\/burnish-jobs.*model\/ \(.* MB\)/,
  );
  expect((await session.readRun(run)).events.map(({ message }) => message).join(" ")).toMatch(/--out DIR.*--model DIR/);
  const files = await session.fetchWeights(id, {});
  expect(files.map(({ name }) => name)).toEqual(whole);
  expect((await session.openModel({ kind: "files", name: "fetched", files }, () => {})).layers).toBeGreaterThan(0);
  // Fetched again, it is the same run still.
  expect((await session.fetchJob(id, {})).run).toBe(run);
  bucket().set(`${key}/out/model/config.json`, Buffer.from("{}"));
  await expect(session.fetchWeights(id, {})).rejects.toMatchObject({ message: /does not verify: model\/config.json/ });
});

test("a result that was pushed to a repository comes home from one commit of it", async () => {
  hub.jobs.runner = (job) => void work(hub, job);
  const { id, key } = await submit(session);
  await session.followJob(id, {}, () => {});
  const prefix = `${key}/out/`;
  const pushed = [...bucket()].flatMap(([name, body]) =>
    name.startsWith(prefix) ? [[name.slice(prefix.length), body] as const] : [],
  );
  hub.repos.set("me/result", { files: new Map(pushed), token: TOKEN });
  const { run, adapter, verdict } = await session.fetchJob("hf:me/result", {});
  expect(adapter).toHaveLength(2);
  expect(verdict).toMatch(/3 of 4 right/);
  expect((await session.readRun(run)).job).toMatchObject({ place: "me/result" });
  await session.openRun(run, "best");
  hub.repos.set("me/result", { files: new Map(pushed.filter(([name]) => name !== "result.json")), token: TOKEN });
  await expect(session.fetchJob("hf:me/result", {})).rejects.toMatchObject({ message: /no result.json in me\/result/ });
  await expect(session.fetchJob("hf:me/absent", {})).rejects.toMatchObject({ code: "hub/denied" });
});

test("a schedule trains again and again, each run into a folder of its own", async () => {
  const asked = ask();
  const preview = await session.previewJob(asked);
  const confirmed = { preview, ceilingDollars: preview.ceilingDollars ?? 0 };
  await expect(session.scheduleJob(asked, confirmed, "soon", () => {})).rejects.toMatchObject({
    code: "usage",
    message: /no schedule/,
  });
  const made = await session.scheduleJob(asked, confirmed, "@weekly", () => {});
  expect(await session.schedules({})).toMatchObject([{ id: made.id, schedule: "@weekly", paused: false }]);
  await session.changeSchedule(made.id, "pause", {});
  expect(await session.schedules({})).toMatchObject([{ paused: true, nextRunAt: null }]);
  const { job } = await session.runSchedule(made.id, {});
  expect(hub.jobs.jobs.get(job.id)?.spec.command).toEqual([
    "bash",
    "-c",
    expect.stringContaining('--out "/burnish/out-$JOB_ID"'),
  ]);
  await expect(session.runSchedule(made.id, {})).rejects.toMatchObject({ message: /still at work/ });
  await expect(session.fetchJob(`me/${job.id}`, {})).rejects.toMatchObject({ message: new RegExp(`out-${job.id}`) });
  await session.changeSchedule(made.id, "delete", {});
  expect(await session.schedules({})).toEqual([]);
});
