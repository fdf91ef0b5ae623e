/** For tests, pages included: a loopback Hub with a model and an account, and the work that a job's script would do there. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { folderFiles, startHub, type TestHub } from "@/hub/loopback-hub";
import { enter, say, type TestJob } from "@/hub/loopback-job-state";
import { event } from "@/offload/test-jobs";
import { parseRecipe } from "@/train/recipe";
import { sha256Hex } from "@/util/sha256";

export const TOKEN = "hf_mayRunJobs";
const MODEL = "e2e/fixtures/llama-gqa";
const ADAPTER = join(MODEL, "adapter");
const CONFIG = JSON.parse(readFileSync(join(ADAPTER, "adapter_config.json"), "utf8"));
export const RECIPE = parseRecipe({
  model: "hf:test/tiny",
  data: { train: "files:rows.jsonl" },
  lora: { rank: CONFIG.r, alpha: CONFIG.lora_alpha, targets: CONFIG.target_modules },
  schedule: { steps: 3 },
});

export async function startJobHub(): Promise<TestHub> {
  const hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "fineGrained", scoped: ["me"], jobs: true });
  const files = folderFiles(MODEL, ["config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors"]);
  hub.repos.set("test/tiny", { files, license: "apache-2.0" });
  return hub;
}

export const bucketOf = (hub: TestHub) =>
  hub.buckets.buckets.get("me/burnish-jobs")?.files ?? new Map<string, Buffer>();

/** What the script writes and says. */
export async function work(
  hub: TestHub,
  job: TestJob,
  change: (result: Record<string, unknown>) => void = () => {},
): Promise<void> {
  enter(job, "RUNNING");
  const key = job.spec.volumes?.[0]?.path ?? "";
  const files = await Promise.all(
    ["adapter_config.json", "adapter_model.safetensors"].map(async (name) => {
      const body = readFileSync(join(ADAPTER, name));
      bucketOf(hub).set(`${key}/out/adapter/${name}`, body);
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
  bucketOf(hub).set(`${key}/out/events.jsonl`, Buffer.from(events.map((one) => `${JSON.stringify(one)}\n`).join("")));
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
  bucketOf(hub).set(`${key}/out/result.json`, Buffer.from(JSON.stringify(result)));
  say(job, event({ type: "done", seconds: 9 }));
  enter(job, "COMPLETED");
}
