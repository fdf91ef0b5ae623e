/** Every way in which a job can go wrong, on a loopback Hub, each with its sentence: what was spent, what is safe, what next. */
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { TestHub } from "@/hub/loopback-hub";
import { enter, say, type TestJob } from "@/hub/loopback-job-state";
import type { JobAsk } from "@/offload/submission";
import { event } from "@/offload/test-jobs";
import type { Session } from "@/session/contract";
import { ask, sessionAt, submit } from "@/session/test-job";
import { bucketOf, startJobHub, TOKEN, work } from "@/session/test-work";

let hub: TestHub;
let session: Session;
vi.setConfig({ testTimeout: 30_000 });
beforeEach(async () => {
  hub = await startJobHub();
  session = sessionAt(hub);
});
afterEach(() => hub.close());

const bucket = () => bucketOf(hub);

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
  await expect(submit(session, ask({ token: "hf_poor" }))).rejects.toMatchObject({
    code: "job/no-credit",
    message: /no credit for this/,
    hint: /billing.*Nothing was started or spent/,
  });
  hub.buckets.buckets.set("me/burnish-jobs", { isPrivate: false, files: new Map() });
  await expect(submit(session)).rejects.toMatchObject({
    message: /not private; your rows would be there for all to see/,
  });
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
  const { id } = await submit(session);
  const { outcome } = await session.followJob(id, {}, () => {});
  expect(outcome?.ok).toBe(false);
  expect(`${outcome?.happened} ${outcome?.spent} ${outcome?.safe} ${outcome?.next}`).toMatch(sentence);
});

test("a job that never ran costs nothing, and can be cancelled once", async () => {
  const { id } = await submit(session);
  expect((await session.cancelJob(id, {})).job.stage).toBe("CANCELED");
  await expect(session.cancelJob(id, {})).rejects.toMatchObject({ code: "usage", message: /already canceled/ });
  expect((await session.followJob(id, {}, () => {})).outcome?.spent).toBe("Nothing was spent: it never ran.");
});

const SPOILT: readonly [string, (key: string) => void, RegExp][] = [
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
];

test("a result that is not there, or does not verify: nothing is kept, and a sentence says what was spent", async () => {
  hub.jobs.runner = (job) => void work(hub, job);
  const { id, key } = await submit(session);
  await session.followJob(id, {}, () => {});
  const whole = new Map(bucket());
  for (const [what, spoil, sentence] of SPOILT) {
    for (const [path, body] of whole) bucket().set(path, body);
    spoil(key);
    const error = await session.fetchJob(id, {}).catch((caught: unknown) => caught);
    expect(error, what).toMatchObject({ message: sentence, hint: /Spent so far: / });
    expect(await session.listRuns(), what).toEqual([]);
  }
});

test("paths of a result stay in its folder", async () => {
  hub.jobs.runner = (job) =>
    void work(hub, job, (result) => {
      result.files = [{ path: "../../other/adapter_model.safetensors", bytes: 1, sha256: "0".repeat(64) }];
    });
  const { id } = await submit(session);
  await session.followJob(id, {}, () => {});
  await expect(session.fetchJob(id, {})).rejects.toMatchObject({ code: "file/malformed", message: /files.0.path/ });
});
