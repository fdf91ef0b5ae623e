/** Following a job through everything that a network does to it. */
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { TestHub } from "@/hub/loopback-hub";
import { enter, say, type TestJob } from "@/hub/loopback-job-state";
import { followJob, type JobUpdate } from "./follow";
import { readLogEvent } from "./job-log";
import { followLog } from "./job-stream";
import { createJob, type JobsPlace } from "./jobs-client";
import { noProgress, progressed } from "./progress";
import { eventReader } from "./sse";
import { event, finishedJob, LINES, placeOf, SPEC, startJobs, TIMING, TOKEN } from "./test-jobs";

vi.setConfig({ testTimeout: 30_000 });
let hub: TestHub;
let place: JobsPlace;
beforeAll(async () => {
  ({ hub, place } = await startJobs());
});
afterAll(() => hub.close());

async function follow(
  jobId: string,
  onUpdate: (update: JobUpdate) => void = () => {},
  signal?: AbortSignal,
  timing = TIMING,
) {
  const updates: JobUpdate[] = [];
  const job = await followJob({
    ...{ place, jobId, dollarsPerMinute: 0.4 / 60, signal: signal ?? new AbortController().signal, timing },
    onUpdate: (update) => {
      updates.push(update);
      onUpdate(update);
    },
  });
  return { job, updates, said: updates.flatMap(wordsOf) };
}

const wordsOf = (update: JobUpdate): string[] =>
  update.type === "line" ? [update.text] : update.type === "event" ? [update.event.type] : [];

const SAID = [
  "Installed 61 packages in 4.1s",
  "start",
  "step",
  "Épreuve – 訓練",
  "Épreuve – 訓練",
  "step",
  "checkpoint",
  "done",
];

test("events are the same in whatever pieces their bytes come", () => {
  const text =
    ': hello\r\n\r\nevent: metric\r\ndata: {"a": "é"}\r\ndata: two\r\n\r\n\ndata:x\r\rid: 7\ndata\n\ndata: cut';
  const bytes = new TextEncoder().encode(text);
  const expected = [
    { event: "metric", data: '{"a": "é"}\ntwo' },
    { event: "message", data: "x" },
    { event: "message", data: "" },
  ];
  for (let cut = 0; cut <= bytes.length; cut++) {
    const read = eventReader();
    expect([...read(bytes.subarray(0, cut)), ...read(bytes.subarray(cut))], `cut at ${cut}`).toEqual(expected);
  }
  const read = eventReader();
  expect([...bytes].flatMap((byte) => read(Uint8Array.of(byte)))).toEqual(expected);
});

const RECORDED = new TextEncoder().encode(
  [
    { data: "===== Job started at 2026 =====" },
    ...LINES.map((data, i) => ({ data, timestamp: `2026-11-21T00:00:0${i}Z` })),
  ]
    .map((line, i) => `${i % 3 === 0 ? ": keep-alive\n\n" : ""}data: ${JSON.stringify(line)}\n\n`)
    .join(""),
);

/** Connections that give the recorded log up to a byte, and then break, or end as if that were all. */
async function replay(cuts: readonly number[], breaks: boolean): Promise<string[]> {
  const left = [...cuts];
  const open = async () => {
    const cut = left.shift();
    return new ReadableStream<Uint8Array>({
      start: (stream) => {
        stream.enqueue(RECORDED.slice(0, cut));
        if (cut === undefined || !breaks) stream.close();
      },
      pull: (stream) => stream.error(new TypeError("terminated")),
    });
  };
  const said: string[] = [];
  const options = { open, isOver: () => true, signal: new AbortController().signal, timing: { ...TIMING, retry: 0 } };
  await followLog({ ...options, onBreak: () => {} }, ({ text }) => said.push(readLogEvent(text)?.type ?? text));
  return said;
}

test.each([true, false])("every line once and in order, wherever the log is cut (by a break: %s)", async (breaks) => {
  const cuts = Array.from({ length: RECORDED.length + 1 }, (_, i) => i);
  const found = await Promise.all(
    cuts.map((cut) => replay(breaks ? [cut, (cut * 7) % RECORDED.length] : [cut], breaks)),
  );
  for (const [cut, said] of found.entries()) expect(said, `cut at byte ${cut}`).toEqual(SAID);
  expect(found.length).toBeGreaterThan(700);
});

test("the same over a real connection", async () => {
  const cuts = [0, 1, 60, 111, 112, 113, 200, 333, 500, 640];
  const jobs = cuts.map(async (cut) => {
    const job = await finishedJob({ hub, place });
    job.cuts.push(cut, (cut * 7) % 700);
    expect((await follow(job.id)).said, `cut at byte ${cut}`).toEqual(SAID);
  });
  await Promise.all(jobs);
});

/** What the follower has seen so far decides when the job goes on: no clock does. */
type Seen = (what: string) => Promise<void>;

async function live(run: (job: TestJob, seen: Seen) => Promise<void> | void) {
  const { id } = await createJob(place, SPEC);
  const job = hub.jobs.jobs.get(id);
  if (!job) throw new Error("no job");
  const marks = new Set<string>();
  const seen: Seen = async (what) => {
    while (!marks.has(what)) await wait(5);
  };
  const running = run(job, seen);
  const followed = await follow(id, (update) => {
    marks.add(update.type === "job" ? update.job.stage : update.type === "line" ? update.text : update.type);
  });
  await running;
  return followed;
}
const wait = (milliseconds: number) => new Promise((done) => setTimeout(done, milliseconds));

test("a job that goes on is followed while it does: stages, lines, metrics, cost; cuts and keep-alives in between", async () => {
  hub.jobs.faults.keepAlive = 5;
  const { job, updates, said } = await live(async (one, seen) => {
    one.cuts.push(60, 400);
    await seen("SCHEDULING");
    enter(one, "UPDATING");
    await seen("UPDATING");
    enter(one, "RUNNING");
    await seen("RUNNING");
    await seen("metric");
    for (const line of LINES) {
      say(one, line);
      await wait(15);
    }
    enter(one, "COMPLETED");
  });
  hub.jobs.faults.keepAlive = 30_000;
  expect(said).toEqual(SAID);
  expect(job).toMatchObject({ stage: "COMPLETED", over: true });
  const stages = updates.flatMap((update) => (update.type === "job" ? [update.job.stage] : []));
  expect([...new Set(stages)]).toEqual(["SCHEDULING", "UPDATING", "RUNNING", "COMPLETED"]);
  const metric = updates.find((update) => update.type === "metric");
  expect(metric).toMatchObject({ metric: { gpus: [{ used: 8e9, total: 24e9 }] } });
  expect(updates.some((update) => update.type === "note")).toBe(true);
  const progress = updates
    .flatMap((update) => (update.type === "event" ? [update.event] : []))
    .reduce(progressed, noProgress());
  expect(progress).toMatchObject({ phase: "done", step: 2, totalSteps: 3, loss: 2.5, checkpoint: 3, hasResult: true });
  expect(progress.series).toEqual({
    loss: { steps: [1, 2], values: [2.5, null] },
    grad_norm: { steps: [1], values: [1] },
  });
});

test("a log that stays open, and silent, does not outlive its job", async () => {
  hub.jobs.faults.openEnd = true;
  hub.jobs.faults.keepAlive = 10;
  const job = await finishedJob({ hub, place }, ["last words"]);
  const { said } = await follow(job.id, () => {}, undefined, { ...TIMING, drain: 80 });
  Object.assign(hub.jobs.faults, { openEnd: false, keepAlive: 30_000 });
  expect(said).toEqual(["last words"]);
});

test("what is busy is asked again: streams and stages that answer 429 and 500", async () => {
  hub.jobs.faults.streamStatuses = [500, 429, 503];
  const { said } = await live(async (one, seen) => {
    enter(one, "RUNNING");
    await seen("RUNNING");
    hub.jobs.faults.statuses = [500, 429];
    say(one, "one");
    await seen("one");
    enter(one, "COMPLETED");
  });
  expect(said).toEqual(["one"]);
});

test("a replay that begins later, as of a log that was cut short, repeats nothing", async () => {
  const { said } = await live(async (one) => {
    enter(one, "RUNNING");
    one.cuts.push(2000);
    for (let i = 0; i < 30; i++) {
      say(one, `line ${i}`);
      await wait(2);
      // Over there the oldest lines go.
      if (i === 25) one.logs.splice(0, 10);
    }
    enter(one, "COMPLETED");
  });
  expect(said).toEqual([...new Set(said)]);
  expect(said.at(-1)).toBe("line 29");
  expect(said.length).toBeGreaterThan(25);
});

test("whoever stops following cancels nothing", async () => {
  const { id } = await createJob(place, SPEC);
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 50);
  const { job } = await follow(id, () => {}, stop.signal);
  expect(job.over).toBe(false);
  expect(hub.jobs.jobs.get(id)?.stage).toBe("SCHEDULING");
});

test("a Hub that cannot be reached for long: a sentence, what was spent, that the job goes on", async () => {
  const { id } = await createJob(place, SPEC);
  const job = hub.jobs.jobs.get(id);
  if (job) enter(job, "RUNNING");
  hub.jobs.faults.statuses = [];
  const told: string[] = [];
  const error = await follow(id, (update) => {
    if (update.type === "note") told.push(update.message);
    if (update.type === "job") hub.jobs.faults.statuses = Array.from({ length: 20 }, () => 503);
  }).catch((caught: unknown) => caught);
  hub.jobs.faults.statuses = [];
  expect(told[0]).toMatch(/Trying again; the job goes on meanwhile/);
  expect(error).toMatchObject({
    code: "network/failed",
    message: expect.stringMatching(/answered 503.*the job was RUNNING/),
    hint: expect.stringMatching(/goes on without us.*Spent until then: .*0\.01.*Follow it again by its name/s),
  });
});

test("a job that is none, and a token that is none", async () => {
  await expect(follow("f".repeat(24))).rejects.toMatchObject({ code: "hub/not-found" });
  const { id } = await createJob(place, SPEC);
  place = placeOf(hub, "hf_nobody");
  await expect(follow(id)).rejects.toMatchObject({ code: "hub/denied", message: /does not know this token/ });
  place = placeOf(hub, TOKEN);
});

test("a hostile log is text: nothing steers, nothing is without an end, no curve has a name that is none", async () => {
  const lines = [
    "\x1b[2J\x1b]0;title\x07cleared",
    "<script>alert(1)</script>",
    "x".repeat(900_000),
    "y".repeat(1_100_000),
    "\0\x01\ufffd\u202ebinary",
    "  1%|\r 99%|",
    event({ type: "step", step: 1, loss: 1, __proto__: 1, "<b>": 2, toString: 3, ["z".repeat(500)]: 4 }),
    event({ type: "error", code: "\x1b[31m", message: `\x1b]8;;http://a\x07${"m".repeat(9000)}` }),
  ];
  const job = await finishedJob({ hub, place }, lines);
  const { updates, said } = await follow(job.id);
  // A message larger than a megabyte is dropped whole.
  expect(said).toEqual([
    "cleared",
    lines[1],
    `${"x".repeat(4000)}… (896000 more characters)`,
    "\ufffdbinary",
    " 99%|",
    "step",
    "error",
  ]);
  const heardOf = updates
    .flatMap((update) => (update.type === "event" ? [update.event] : []))
    .reduce(progressed, noProgress());
  expect(Object.keys(heardOf.series)).toEqual(["loss"]);
  expect(heardOf.error).toBe(`${"m".repeat(4000)}… (5000 more characters)`);
});

test("text that only looks like an event stays text", async () => {
  const lines = [
    "@burnish {",
    '@burnish {"type": "step"}',
    '@burnish {"type": "other"}',
    `> ${event({ type: "done", seconds: 1 })}`,
  ];
  const job = await finishedJob({ hub, place }, lines);
  expect((await follow(job.id)).said).toEqual(lines);
});
