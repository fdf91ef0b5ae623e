/** Jobs of the mock session: a plan of an 8B model by the real formulas and the dated prices, and one job that runs through. */
import { AppError } from "@/errors";
import type { JobUpdate } from "@/offload/follow";
import { dated } from "@/offload/hardware";
import type { Job } from "@/offload/job";
import type { KeptJob } from "@/offload/kept-jobs";
import { planJob } from "@/offload/plan";
import { noProgress, progressed } from "@/offload/progress";
import type { JobAsk } from "@/offload/submission";
import { parseRecipe } from "@/train/recipe";
import type { JobsApi, JobView } from "@/worker/api/jobs";

const STEPS = 200;
const wait = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const MODEL = {
  ...{ name: "Qwen/Qwen3-8B", parameters: 8_190_735_360, blockParameters: 6_945_767_424, layers: 36, hidden: 4096 },
  ...{ ffn: 12_288, queryWidth: 4096, kvWidth: 1024, vocab: 151_936, tied: false, adapterParameters: 43_646_976 },
};
const LENGTHS = Array.from({ length: 4000 }, (_, i) => 120 + ((i * 37) % 700));

export function mockJobs(pace: number): JobsApi {
  let kept: KeptJob[] = [];
  let stage = "COMPLETED";
  const job = (id: string): Job => ({
    ...{ id, namespace: "me", stage, message: "", over: stage !== "RUNNING", flavor: "a100-large", scheduled: false },
    ...{ createdAt: new Date().toISOString(), labels: { burnish: "qwen3-8b-sft-20261121" }, timeoutSeconds: 7200 },
    runningSeconds: 1860,
  });
  const viewOf = (id: string): JobView => ({
    ...{ job: job(id), spent: 1.29, kept: kept.find((one) => one.id === id) ?? null },
  });
  const none = async () => {
    throw new AppError("job/failed", "The mock session has no result to bring back.", { hint: "Open without ?mock." });
  };
  return {
    planJob: async (_source, _data, input) => {
      await wait(pace * 5);
      const recipe = parseRecipe(input);
      const data = { rows: 4000, heldOut: 400, lengths: LENGTHS, sequences: 1, counted: true };
      const here = { engine: "WebGPU", tokensPerSecond: 212, fits: true };
      const files = { train: '{"prompt": "…"}\n', held: "", fingerprint: null };
      const facts = {
        recipe,
        base: { name: MODEL.name, revision: "b968826d" },
        model: MODEL,
        data,
        files,
        here,
        findings: [],
      };
      return { facts, plan: planJob(recipe, MODEL, data, dated(), { here }), why: "this is a mock" };
    },
    jobAsk: async ({ recipe, base }, { flavor, timeoutSeconds }) => ({
      ...{ name: "Qwen3-8B-sft", recipe, flavor, timeoutSeconds, model: { name: base.name, revision: "b968826d" } },
      files: ["train.py", "train.jsonl", "held-out.jsonl", "recipe.json", "train.ipynb", "train.slurm"].map((name) => ({
        ...{ name, blob: new Blob(['# /// script\n# dependencies = ["trl", "peft"]\n# ///\n']) },
      })),
      data: { name: "rows.jsonl", trainRows: 4000, evalRows: 400 },
    }),
    previewJob: async (ask) => {
      await wait(pace * 3);
      return previewOf(ask);
    },
    submitJob: async (ask, { ceilingDollars }, onSent) => {
      for (let tenth = 1; tenth <= 10; tenth++) {
        onSent(tenth, 10);
        await wait(pace);
      }
      stage = "RUNNING";
      kept = [
        {
          ...{ version: 1, id: "674f5a0c9e11", key: "qwen3-8b-sft-20261121", namespace: "me", endpoint: "" },
          ...{ createdAt: Date.now(), flavor: ask.flavor, dollarsPerMinute: 0.042, ceilingDollars, name: ask.name },
          ...{ timeoutSeconds: ask.timeoutSeconds, model: ask.model, data: ask.data, recipe: ask.recipe, stage },
          ...{ spentDollars: 0, run: null },
        },
      ];
      return kept[0] as KeptJob;
    },
    scheduleJob: async ({ flavor }, _confirmed, schedule) => ({
      ...{ id: "s1", schedule, paused: false, flavor, labels: { burnish: "qwen3-8b-sft" }, lastJob: null },
      nextRunAt: new Date(Date.now() + 864e5).toISOString(),
    }),
    keptJobs: async () => kept,
    listJobs: async () => kept.map(({ id }) => viewOf(id)),
    jobStatus: async (name) => viewOf(name),
    followJob: async (name, _access, onUpdates) => {
      let progress = noProgress();
      const tell = (update: JobUpdate) => {
        if (update.type === "event") progress = progressed(progress, update.event);
        onUpdates([update], progress);
      };
      const timestamp = "";
      tell({ type: "job", job: job(name), spent: 0 });
      tell({ type: "line", text: "Installed 61 packages in 4.1s", timestamp });
      tell({ type: "event", event: { type: "start", step: 0, steps: STEPS }, timestamp });
      const gpus = [{ percent: 97, used: 41.3e9, total: 80e9 }];
      tell({ type: "metric", metric: { cpuPercent: 31, memory: { used: 22e9, total: 142e9 }, gpus } });
      for (let step = 1; step <= STEPS && stage === "RUNNING"; step++) {
        const values = { loss: 0.9 + 1.6 * Math.exp(-step / 40) + 0.1 * Math.sin(step * 2.3) };
        tell({ type: "event", event: { type: "step", step, values }, timestamp });
        if (step % 20 === 0) {
          tell({ type: "line", text: `step ${step}: 4,812 tokens/s`, timestamp });
          tell({ type: "job", job: job(name), spent: step / 150 });
          await wait(pace * 5);
        }
      }
      if (stage === "RUNNING") stage = "COMPLETED";
      const ok = stage === "COMPLETED";
      const outcome = {
        ...{ ok, happened: ok ? "The job is done." : "The job was cancelled.", spent: "Spent: 31 min = $1.29." },
        safe: "Its result lies in the bucket me/burnish-jobs.",
        next: "Fetch it: it becomes a run of your list.",
      };
      return { ...viewOf(name), progress, outcome };
    },
    stopFollowing: async () => {},
    cancelJob: async (name) => {
      stage = "CANCELED";
      return viewOf(name);
    },
    ...{
      jobAgain: none,
      fetchJob: none,
      fetchWeights: none,
      fetchResult: none,
      changeSchedule: none,
      runSchedule: none,
    },
    schedules: async () => [],
  };
}

function previewOf({ flavor, timeoutSeconds, data, files }: JobAsk) {
  const dollarsPerMinute = (dated().flavors.find(({ name }) => name === flavor)?.dollarsPerHour ?? 1) / 60;
  const passed = (name: "account" | "jobs" | "flavor" | "model" | "data", sentence: string) => ({
    ...{ name, state: "passed" as const, sentence },
  });
  return {
    ...{ namespace: "me", key: "qwen3-8b-sft-20261121", ok: true, flavor, dollarsPerMinute, timeoutSeconds },
    checks: [
      passed("account", "The token belongs to me."),
      { name: "credit" as const, state: "warning" as const, sentence: "me has no way to pay on record." },
      passed("jobs", "It may run jobs of me."),
      passed("flavor", `${flavor} is there now.`),
      passed("model", "Qwen/Qwen3-8B is open to all."),
      passed("data", "The rows are what the trainer reads."),
    ],
    ceilingDollars: Math.ceil((timeoutSeconds / 60) * dollarsPerMinute * 100) / 100,
    leaves: [
      `${data.trainRows} rows to train on and ${data.evalRows} held out, as text, in ${files.length} files.`,
      "They go into the private bucket me/burnish-jobs, and stay there until you delete them.",
      "Your token goes to no machine and into no file.",
    ],
    ...{ mountModel: false, commandLine: "hf jobs uv run --flavor a100-large --detach train.py" },
  };
}
