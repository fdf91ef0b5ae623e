/** A job from its preview to a run of the list, on a loopback Hub; and every way in which it can go wrong, with its sentence. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { folderFiles, startHub, type TestHub } from "@/hub/loopback-hub";
import { enter, say, type TestJob } from "@/hub/loopback-job-state";
import type { JobUpdate } from "@/offload/follow";
import type { JobAsk } from "@/offload/submission";
import { event } from "@/offload/test-jobs";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";
import { parseRecipe } from "@/train/recipe";
import { sha256Hex } from "@/util/sha256";

// A stage is asked for every three seconds.
vi.setConfig({ testTimeout: 60_000 });
const TOKEN = "hf_mayRunJobs";
const MODEL = "e2e/fixtures/llama-gqa";
const ADAPTER = join(MODEL, "adapter");
const CONFIG = JSON.parse(readFileSync(join(ADAPTER, "adapter_config.json"), "utf8"));
const RECIPE = parseRecipe({
  model: "hf:test/tiny",
  data: { train: "files:rows.jsonl" },
  lora: { rank: CONFIG.r, alpha: CONFIG.lora_alpha, targets: CONFIG.target_modules },
  schedule: { steps: 3 },
});

let hub: TestHub;
let session: Session;
beforeEach(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "fineGrained", scoped: ["me"], jobs: true });
  hub.repos.set("test/tiny", {
    files: folderFiles(MODEL, ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]),
    license: "apache-2.0",
  });
  session = sessionAt(hub);
});
afterEach(() => hub.close());

function sessionAt({ url }: TestHub, token = TOKEN): Session {
  const unused = async () => Promise.reject(new Error("not needed"));
  const [runs, jobs] = [{ records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() }, memoryRecords()];
  return createSession({
    ...{ bundled: unused, onnxruntime: unused, openTarget: () => chooseTarget("cpu", undefined) },
    ...{ runs: async () => runs, jobs: async () => jobs, files: async () => memoryFiles() },
    exports: { folder: async () => memoryFiles(), room: async () => null },
    hub: { endpoint: url, token },
  });
}

const SCRIPT = '# /// script\n# dependencies = ["trl"]\n# ///\nprint("hello")\n';
const ROWS = Array.from({ length: 8 }, (_, i) => `${JSON.stringify({ prompt: `${i}`, completion: "a" })}\n`).join("");

function ask(changes: Partial<JobAsk> = {}, rows = ROWS): JobAsk {
  const file = (name: string, text: string) => ({ name, blob: new Blob([text]) });
  return {
    ...{ name: "tiny-sft", files: [file("train.py", SCRIPT), file("train.jsonl", rows), file("notes.txt", "secret")] },
    ...{ recipe: RECIPE, model: { name: "test/tiny", revision: null }, flavor: "t4-small", timeoutSeconds: 1800 },
    data: { name: "rows.jsonl", trainRows: 8, evalRows: 0 },
    ...changes,
  };
}

async function submit(asked = ask()) {
  const preview = await session.previewJob(asked);
  return session.submitJob(asked, { preview, ceilingDollars: preview.ceilingDollars ?? 0 }, () => {});
}

const bucket = () => hub.buckets.buckets.get("me/burnish-jobs")?.files ?? new Map<string, Buffer>();

/** What the script writes and says. */
async function work(job: TestJob, change: (result: Record<string, unknown>) => void = () => {}): Promise<void> {
  enter(job, "RUNNING");
  const key = job.spec.volumes?.[0]?.path ?? "";
  const files = await Promise.all(
    ["adapter_config.json", "adapter_model.safetensors"].map(async (name) => {
      const body = readFileSync(join(ADAPTER, name));
      bucket().set(`${key}/out/adapter/${name}`, body);
      return { path: `adapter/${name}`, bytes: body.length, sha256: await sha256Hex(new Uint8Array(body)) };
    }),
  );
  const events = [
    { type: "start", step: 0, steps: 3, tokensMatch: true },
    ...[1, 2, 3].map((step) => ({ type: "step", step, steps: 3, loss: 3 - step / 2, grad_norm: 1 })),
    { type: "eval", step: 3, steps: 3, eval_loss: 1.75 },
    { type: "checkpoint", step: 3 },
  ];
  for (const one of events) say(job, event(one));
  bucket().set(`${key}/out/events.jsonl`, Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join("")));
  const arm = (passed: number) => ({ passed, rate: passed / 4 });
  const result = {
    ...{
      version: 1,
      status: "done",
      name: "tiny-sft",
      method: "sft",
      weights: "lora",
      recipe: RECIPE,
      steps: 3,
      files,
    },
    ...{ base: { name: "test/tiny", revision: null }, seconds: { training: 4, all: 9 } },
    losses: [1, 2, 3].map((step) => ({ step, loss: 3 - step / 2 })),
    evals: [{ step: 3, loss: 1.75 }],
    evaluation: {
      ...{
        n: 4,
        base: arm(1),
        tuned: arm(3),
        sentence: "Too few cases for a verdict: 3 of 4 right, 1 before (2 fixed, 0 broken); at least 20 are needed.",
      },
      cases: [{ prompt: "1", expected: "a", base: "b", tuned: "a" }],
    },
    ...{ gguf: [], device: "Tesla T4", versions: { trl: "1.16.0" }, notes: [] },
  };
  change(result);
  bucket().set(`${key}/out/result.json`, Buffer.from(JSON.stringify(result)));
  say(job, event({ type: "done", seconds: 9 }));
  enter(job, "COMPLETED");
}

test("from the preview to a run that is listed, compared, opened and answered with", async () => {
  hub.jobs.runner = (job) => void work(job);
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
  hub.jobs.runner = (job) => void work(job);
  const { id } = await submit();
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

/** What a preview calls failed or worth knowing. */
async function told(asked: JobAsk) {
  const { checks, ok } = await session.previewJob(asked);
  return {
    ok,
    said: checks
      .filter(({ state }) => state !== "passed")
      .map(({ sentence }) => sentence)
      .join(" "),
  };
}

test("before anything is sent: scope, credit, flavor, model, licence, rows, script, each in a sentence", async () => {
  const account = { name: "me", role: "fineGrained" as const, scoped: ["me"], jobs: true };
  hub.uploads.accounts.set("hf_noScope", { ...account, jobs: false });
  hub.uploads.accounts.set("hf_read", { name: "me", role: "read" });
  hub.uploads.accounts.set("hf_poor", { ...account, canPay: false });
  const cases: readonly [JobAsk, boolean, RegExp][] = [
    [ask({ token: "hf_noScope" }), false, /lacks the permission to run jobs \("job.write"\) of me/],
    [ask({ token: "hf_read" }), false, /may only read; it may not run jobs/],
    [ask({ token: "hf_poor" }), true, /no way to pay on record.*nothing is spent/],
    [ask({ namespace: "stranger" }), false, /no place called stranger, only me/],
    [ask({ flavor: "v100" }), false, /no flavor v100 now; it has cpu-basic, t4-small/],
    [ask({ model: { name: "test/absent", revision: null } }), false, /test\/absent/],
    [ask({ model: { name: "/home/me/model", revision: null } }), false, /not a model on the Hub.*Push it there first/],
    [
      ask({}, '{"messages": [{"role": "user", "content": "a"}], "prompt": "b"}\n'),
      false,
      /would not train as they are: Row 1/,
    ],
    [ask({}, "{\n"), false, /Row 1: it is not JSON/],
    [
      ask({ files: [...ask().files.slice(1), { name: "train.py", blob: new Blob(["print()"]) }] }),
      false,
      /names no dependencies \(PEP 723\)/,
    ],
  ];
  for (const [asked, ok, sentence] of cases) {
    const found = await told(asked);
    expect(found.said).toMatch(sentence);
    expect(found.ok, found.said).toBe(ok);
  }
  hub.repos.set("test/closed", {
    files: new Map([["config.json", Buffer.from("{}")]]),
    gated: true,
    token: "hf_other",
    license: "cc-by-nc-nd-4.0",
  });
  expect((await told(ask({ model: { name: "test/closed", revision: null } }))).said).toMatch(
    /only for those who accepted its terms/,
  );
  hub.repos.set("test/closed", {
    files: new Map([["config.json", Buffer.from("{}")]]),
    token: TOKEN,
    license: "cc-by-nc-nd-4.0",
  });
  const hidden = await session.previewJob(ask({ model: { name: "test/closed", revision: null } }));
  expect(hidden).toMatchObject({ ok: true, mountModel: true });
  expect(hidden.checks.map(({ sentence }) => sentence).join(" ")).toMatch(
    /is private; the job reads it through your access, without a token.*does not allow changed versions/,
  );
  await expect(sessionAt(hub, "").previewJob(ask())).rejects.toMatchObject({
    code: "usage",
    hint: /job.write.*HF_TOKEN/,
  });
  await expect(sessionAt(hub, "hf_nobody").previewJob(ask())).rejects.toMatchObject({
    code: "hub/denied",
    message: /does not know this token/,
  });
  await expect(session.previewJob(ask({ timeoutSeconds: 5 }))).rejects.toMatchObject({
    code: "usage",
    message: /between a minute and a week/,
  });
  expect(hub.log.filter((line) => /^(POST|PUT)/.test(line))).toEqual([]);
});

test("nothing is spent without the ceiling that was shown, nor at a price that rose", async () => {
  const preview = await session.previewJob(ask());
  await expect(session.submitJob(ask(), { preview, ceilingDollars: 0 }, () => {})).rejects.toMatchObject({
    code: "usage",
    message: /could cost .*0\.20, and .*0\.00 was agreed to/,
  });
  expect(hub.log.filter((line) => /^(POST|PUT)/.test(line))).toEqual([]);
  const before = hub.jobs.flavors;
  hub.jobs.flavors = before.map((flavor) => ({ ...flavor, dollarsPerHour: 2 * flavor.dollarsPerHour }));
  await expect(session.submitJob(ask(), { preview, ceilingDollars: 0.2 }, () => {})).rejects.toMatchObject({
    message: /has become dearer: at most .*0\.40/,
  });
  hub.jobs.flavors = before.filter(({ name }) => name !== "t4-small");
  await expect(session.submitJob(ask(), { preview, ceilingDollars: 0.2 }, () => {})).rejects.toMatchObject({
    code: "job/no-flavor",
    message: /no flavor t4-small any more/,
    hint: /Nothing was started or spent/,
  });
  expect(hub.jobs.jobs.size).toBe(0);
});

test("what the Hub refuses at the last moment: no credit, a public bucket, a lost answer", async () => {
  hub.uploads.accounts.set("hf_poor", { name: "me", role: "fineGrained", scoped: ["me"], jobs: true, canPay: false });
  await expect(submit(ask({ token: "hf_poor" }))).rejects.toMatchObject({
    code: "job/no-credit",
    message: /no credit for this/,
    hint: /billing.*Nothing was started or spent/,
  });
  hub.buckets.buckets.set("me/burnish-jobs", { isPrivate: false, files: new Map() });
  await expect(submit()).rejects.toMatchObject({ message: /not private; your rows would be there for all to see/ });
  hub.buckets.buckets.delete("me/burnish-jobs");
  // The answer to the request is lost, before and after the job was made.
  const preview = await session.previewJob(ask());
  hub.jobs.faults.statuses = [];
  hub.jobs.lose = "before";
  await expect(session.submitJob(ask(), { preview, ceilingDollars: 0.2 }, () => {})).rejects.toMatchObject({
    message: /No job was started, nothing was spent/,
  });
  hub.jobs.lose = "after";
  const kept = await session.submitJob(ask(), { preview, ceilingDollars: 0.2 }, () => {});
  expect([...hub.jobs.jobs.keys()]).toEqual([kept.id]);
});

const END: readonly [string, (job: TestJob) => void, RegExp][] = [
  [
    "a timeout",
    (job) => {
      say(job, event({ type: "start", step: 0, steps: 90, tokensMatch: null }));
      say(job, event({ type: "step", step: 40, steps: 90, loss: 1 }));
      say(job, event({ type: "checkpoint", step: 40 }));
      enter(job, "ERROR", "Job timeout");
    },
    /ran into its timeout at step 40 of 90.*Spent: 1 min.*Checkpoints up to step 40.*nothing there is deleted.*longer timeout: it goes on/,
  ],
  [
    "death while loading",
    (job) => {
      say(job, "Traceback (most recent call last):");
      say(job, "OSError: test/tiny is not a local folder");
      enter(job, "ERROR", "Job failed with exit code: 1");
    },
    /died while it was loading: OSError: test\/tiny is not a local folder\..*Spent: 1 min.*had made nothing yet.*end of its log/,
  ],
  [
    "no memory",
    (job) => {
      say(job, event({ type: "start", step: 0, steps: 90, tokensMatch: null }));
      say(job, event({ type: "step", step: 3, steps: 90, loss: 1 }));
      say(job, "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2 GiB");
      enter(job, "ERROR", "exit code 1");
    },
    /failed at step 3: OutOfMemoryError: CUDA out of memory.*flavor with more memory/,
  ],
  ["a cancel", (job) => enter(job, "CANCELED"), /was cancelled at step 0.*Spent/],
  ["deletion", (job) => enter(job, "DELETED"), /was deleted/],
];

test.each(END)("%s: what happened, what was spent, what is safe, what next", async (_, run, sentence) => {
  hub.jobs.runner = (job) => {
    enter(job, "RUNNING");
    run(job);
  };
  const { id } = await submit();
  const { outcome } = await session.followJob(id, {}, () => {});
  expect(outcome?.ok).toBe(false);
  expect(`${outcome?.happened} ${outcome?.spent} ${outcome?.safe} ${outcome?.next}`).toMatch(sentence);
});

test("a job that never ran costs nothing, and can be cancelled once", async () => {
  const { id } = await submit();
  expect((await session.cancelJob(id, {})).job.stage).toBe("CANCELED");
  await expect(session.cancelJob(id, {})).rejects.toMatchObject({ code: "usage", message: /already canceled/ });
  expect((await session.followJob(id, {}, () => {})).outcome?.spent).toBe("Nothing was spent: it never ran.");
});

test.each<[string, (key: string) => void, RegExp]>([
  [
    "no result yet",
    (key) => bucket().delete(`${key}/out/result.json`),
    /no result.json in the bucket me\/burnish-jobs.*The job is COMPLETED/,
  ],
  [
    "a result that was cut",
    (key) => bucket().set(`${key}/out/result.json`, Buffer.from('{"version": 1, "sta')),
    /not JSON, as if it had been cut off/,
  ],
  [
    "another shape",
    (key) => bucket().set(`${key}/out/result.json`, Buffer.from('{"version": 2}')),
    /does not verify: version/,
  ],
  [
    "a missing adapter",
    (key) => bucket().delete(`${key}/out/adapter/adapter_model.safetensors`),
    /adapter_model.safetensors is missing/,
  ],
  [
    "a changed adapter",
    (key) => {
      const path = `${key}/out/adapter/adapter_model.safetensors`;
      const body = Buffer.from(bucket().get(path) ?? "");
      body[body.length - 1] = (body.at(-1) ?? 0) ^ 1;
      bucket().set(path, body);
    },
    /adapter_model.safetensors is not what the job wrote/,
  ],
  [
    "a longer adapter",
    (key) => {
      const path = `${key}/out/adapter/adapter_model.safetensors`;
      bucket().set(path, Buffer.concat([bucket().get(path) ?? Buffer.alloc(0), Buffer.alloc(100)]));
    },
    /adapter_model.safetensors is larger/,
  ],
])("a result with %s: nothing is kept, and a sentence says what was spent", async (_, spoil, sentence) => {
  hub.jobs.runner = (job) => void work(job);
  const { id, key } = await submit();
  await session.followJob(id, {}, () => {});
  spoil(key);
  const error = await session.fetchJob(id, {}).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ message: sentence, hint: /Spent so far: / });
  expect(await session.listRuns()).toEqual([]);
});

test("paths of a result stay in its folder", async () => {
  hub.jobs.runner = (job) =>
    void work(job, (result) => {
      result.files = [{ path: "../../other/adapter_model.safetensors", bytes: 1, sha256: "0".repeat(64) }];
    });
  const { id } = await submit();
  await session.followJob(id, {}, () => {});
  await expect(session.fetchJob(id, {})).rejects.toMatchObject({ code: "file/malformed", message: /files.0.path/ });
});
