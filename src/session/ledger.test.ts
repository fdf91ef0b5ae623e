import { expect, test } from "vitest";
import { architectureOf } from "@/model/families";
import { memoryPlan, requireFit } from "@/session/ledger";
import { dpo } from "@/train/dpo";
import { type Head, PLAIN_HEAD } from "@/train/objective";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import { sft } from "@/train/sft";

const recipe = parseRecipe({ lora: { rank: 8 } });
const PLAIN = { head: PLAIN_HEAD, adapterCopies: 0, sampler: null };
const at512 = { largest: { tokens: 512, labels: 512 }, samples: { sequences: 1, length: 128 }, ...PLAIN };

const qwen3 = (hidden: number, layers: number, heads: number, ffn: number, tied: boolean) =>
  architectureOf({
    model_type: "qwen3",
    hidden_size: hidden,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: 8,
    head_dim: 128,
    intermediate_size: ffn,
    vocab_size: 151_936,
    max_position_embeddings: 40_960,
    tie_word_embeddings: tied,
    rope_theta: 1e6,
  });
const smollm2 = architectureOf({
  model_type: "llama",
  hidden_size: 576,
  num_hidden_layers: 30,
  num_attention_heads: 9,
  num_key_value_heads: 3,
  intermediate_size: 1536,
  vocab_size: 49_152,
  max_position_embeddings: 8192,
  tie_word_embeddings: true,
  rope_theta: 100_000,
});

test.each([
  ["SmolLM2-135M", smollm2, "nf4", 200e6],
  ["Qwen3-0.6B", qwen3(1024, 28, 16, 3072, true), "nf4", 620e6],
  ["Qwen3-0.6B", qwen3(1024, 28, 16, 3072, true), "f16", 1.8e9],
  ["Qwen3-1.7B", qwen3(2048, 28, 16, 6144, true), "nf4", 1.5e9],
  ["Qwen3-8B", qwen3(4096, 36, 32, 12_288, false), "nf4", 6e9],
] as const)("%s in its budget: 512 tokens, rank 8 on all seven", (_, arch, format, budget) => {
  const plan = memoryPlan(arch, format, recipe, at512, { memoryBudget: budget });
  expect(plan.total).toBe(plan.lines.reduce((sum, { bytes }) => sum + bytes, 0));
  expect(plan.fits, `${plan.total} of ${budget}`).toBe(true);
});

test("DPO takes at most 1.6 times the memory of SFT at the same tokens, also when it goes on from an adapter", () => {
  const total = (method: "sft" | "dpo", head: Head, adapterCopies: number) =>
    memoryPlan(smollm2, "f16", parseRecipe({ method }), { ...at512, head, adapterCopies }, { memoryBudget: 1e10 })
      .total;
  const plain = total("sft", sft({ lossType: "nll" }).head, 0);
  expect(total("dpo", dpo(recipe.dpo).head, 1) / plain).toBeLessThan(1.6);
});

test("what does not fit is refused with the nearest settings that do", () => {
  const tight = memoryPlan(smollm2, "f32", recipe, at512, { memoryBudget: 620e6 });
  expect(() => requireFit(tight)).toThrow(/needs \d+ MB/);
  expect(tight.advice).toMatch(/\d+ tokens a batch fit/);
  const none = memoryPlan(smollm2, "f32", recipe, at512, { memoryBudget: 300e6 });
  expect(none.advice).toMatch(/8 bits|4 bits/);
  expect(memoryPlan(smollm2, "f32", recipe, at512, { memoryBudget: 10e6 }).advice).toMatch(/smaller model/);
});

test("weights that learn themselves: the plan holds all of them thrice more, and says what costs less", () => {
  const full = (optimizer: Recipe["optimizer"]["kind"], budget = 1e11) =>
    memoryPlan(smollm2, "f32", parseRecipe({ trains: "full", optimizer: { kind: optimizer } }), at512, {
      memoryBudget: budget,
    });
  const bytes = (name: string) => full("adamw").lines.find((line) => line.name === name)?.bytes ?? 0;
  expect(bytes("trained weights")).toBeGreaterThanOrEqual(bytes("base weights (f32)"));
  expect(bytes("optimizer moments")).toBe(2 * bytes("gradients"));
  const eight = full("adamw8").lines.find((line) => line.name === "optimizer moments")?.bytes ?? 0;
  expect(eight / bytes("optimizer moments")).toBeCloseTo((1 + 4 / 256) / 4, 3);
  // The embedding keeps both moments; the scratch is of one matrix at a time, and lies in the step's own.
  const muon = full("muon").lines;
  const moments = muon.find((line) => line.name === "optimizer moments")?.bytes ?? 0;
  const embedding = 4 * smollm2.vocab * smollm2.hidden;
  expect(moments - bytes("gradients") - embedding).toBeGreaterThanOrEqual(0);
  expect(moments - bytes("gradients") - embedding).toBeLessThan(1e-3 * moments);
  expect(muon.find((line) => line.name.includes("Muon"))?.bytes).toBeLessThan(16e6);
  expect(full("adamw", full("adamw8").total).advice).toContain("adamw8");
  const adapter = memoryPlan(smollm2, "f32", parseRecipe({}), at512, { memoryBudget: 1e11 }).total;
  expect(full("adamw", adapter).advice).toContain("as an adapter");
});

test("weights that learn must fit one buffer of the device, else as many layers as do are told", () => {
  const limits = { memoryBudget: 1e11, maxBufferBytes: 1e9, maxBindingBytes: 2 ** 27 };
  const plan = (input: RecipeInput, more = limits) => memoryPlan(smollm2, "f32", parseRecipe(input), at512, more);
  const whole = plan({ trains: "full" });
  expect(() => requireFit(whole)).toThrow(/one buffer of 538 MB; this device binds at most 134 MB/);
  expect(whole.advice).toMatch(/the last 9 of 30 layers alone \(full.train: \*layers\.21\.\* …\), or an adapter/);
  const layers = (first: number) => Array.from({ length: 30 - first }, (_, i) => `*layers.${first + i}.*`);
  expect(plan({ trains: "full", full: { train: layers(21) } }).fits).toBe(true);
  expect(plan({ trains: "full", full: { train: layers(20) } }).fits).toBe(false);
  expect(plan({ trains: "full" }, { ...limits, maxBindingBytes: 1e9 }).fits).toBe(true);
  expect(plan({}).fits).toBe(true);
});
