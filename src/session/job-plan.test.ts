/** A plan from a name on the Hub alone: a model that no tab could open is weighed by its configuration, and no weights are asked for. */

import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test } from "vitest";
import type { TestHub } from "@/hub/loopback-hub";
import { START_FILES } from "@/offload/submission";
import { sessionAt } from "@/session/test-job";
import { startJobHub } from "@/session/test-work";

let hub: TestHub;
beforeEach(async () => {
  hub = await startJobHub();
});
afterEach(() => hub.close());

const LLAMA_70B = {
  ...{ architectures: ["LlamaForCausalLM"], model_type: "llama", hidden_size: 8192, intermediate_size: 28_672 },
  ...{ num_hidden_layers: 80, num_attention_heads: 64, num_key_value_heads: 8, vocab_size: 128_256 },
  ...{ rms_norm_eps: 1e-5, rope_theta: 500_000, max_position_embeddings: 8192, tie_word_embeddings: false },
  ...{ hidden_act: "silu", bos_token_id: 0, eos_token_id: 1 },
};
const tokenizer = (name: string) => readFileSync(`e2e/fixtures/llama-gqa/${name}`);
const rows = Array.from({ length: 40 }, (_, i) => `${JSON.stringify({ prompt: `a${i}`, completion: ` b${i}` })}\n`);

test("70B is planned by its config: QLoRA or several GPUs, a row becomes a job, and no weights are read", async () => {
  hub.repos.set("big/seventy", {
    files: new Map([
      ["config.json", Buffer.from(JSON.stringify(LLAMA_70B))],
      ["tokenizer.json", tokenizer("tokenizer.json")],
      ["tokenizer_config.json", tokenizer("tokenizer_config.json")],
      ["model.safetensors", Buffer.alloc(9)],
    ]),
  });
  const session = sessionAt(hub);
  const train = { name: "rows.jsonl", blob: new Blob(rows) };
  const made = await session.planJob(
    { kind: "hub", reference: "hf:big/seventy" },
    { kind: "files", name: "rows.jsonl", train },
    { model: "hf:big/seventy", data: { train: "rows.jsonl" } },
  );
  const { facts, plan, why } = made;
  expect(facts.model.parameters).toBe(70_553_706_496);
  expect(facts.data.counted).toBe(true);
  expect(why).toBeUndefined();
  expect(plan.prices.live).toBe(true);
  expect(plan.here).toBeNull();
  const fitting = plan.rows.filter(({ fits }) => fits);
  expect(fitting.length).toBeGreaterThan(0);
  for (const { weights, gpus, memory } of fitting) {
    expect(weights === "qlora" || gpus > 1).toBe(true);
    expect(memory.total).toBeLessThanOrEqual(memory.limit);
  }
  expect(plan.rows.filter(({ flavor }) => flavor === "t4-small").every(({ fits }) => !fits)).toBe(true);
  expect(hub.log.filter((line) => line.includes("model.safetensors"))).toEqual([]);

  const row = plan.recommended;
  if (!row) throw new Error("nothing is recommended");
  const ask = await session.jobAsk(facts, row);
  const text = await ask.files.find(({ name }) => name === "train.py")?.blob.text();
  expect(text).toContain('"big/seventy"');
  expect(ask).toMatchObject({ flavor: row.flavor, timeoutSeconds: row.timeoutSeconds, model: { name: "big/seventy" } });
  expect(ask.data.trainRows + ask.data.evalRows).toBe(40);
  expect(ask.files.map(({ name }) => name)).toEqual(
    expect.arrayContaining(["train.jsonl", "recipe.json", "train.ipynb", "train.slurm", "train.sky.yaml"]),
  );

  const onwards = { ...facts, recipe: { ...facts.recipe, start: "adapter" as const } };
  const adapter = START_FILES.map((name) => ({ name, blob: new Blob(["…"]) }));
  const also = [...adapter, { name: "README.md", blob: new Blob(["not needed"]) }];
  const sent = (await session.jobAsk(onwards, row, also)).files.map(({ name }) => name);
  expect(sent.slice(-2)).toEqual([...START_FILES]);
  await expect(session.jobAsk(onwards, row, adapter.slice(1))).rejects.toMatchObject({ code: "usage" });
  const whole = { ...onwards, recipe: { ...onwards.recipe, trains: "full" as const } };
  await expect(session.jobAsk(whole, row, adapter)).rejects.toThrow("cannot be sent along");
});

test("a list of hardware that cannot be had becomes the dated copy, with the reason", async () => {
  hub.jobs.faults.statuses = [503];
  const made = await sessionAt(hub).planJob(
    { kind: "hub", reference: "hf:test/tiny" },
    { kind: "files", name: "rows.jsonl", train: { name: "rows.jsonl", blob: new Blob(rows) } },
    { model: "hf:test/tiny", data: { train: "rows.jsonl" } },
  );
  expect(made.plan.prices.live).toBe(false);
  expect(made.plan.prices.date).toMatch(/^\d{4}-\d\d-\d\d$/);
  expect(made.why).toBe("the Hub answered 503");
});
