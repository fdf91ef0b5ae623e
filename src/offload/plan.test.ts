/** Plans against published runs, and against each other: cited in docs/jobs.md. */
import { describe, expect, test } from "vitest";
import { parseRecipe, type RecipeInput } from "@/train/recipe";
import type { DataFacts, ModelFacts } from "./facts";
import { dated, gpuOf, hardwareList, readHardware } from "./hardware";
import { memoryOf } from "./memory";
import { type Plan, planJob, scriptOptions } from "./plan";
import { passSeconds } from "./work";

/** From their config.json. */
function model(
  name: string,
  layers: number,
  hidden: number,
  ffn: number,
  heads: number,
  kv: number,
  headDim: number,
  vocab: number,
  tied: boolean,
  rank = 16,
): ModelFacts {
  const [queryWidth, kvWidth] = [heads * headDim, kv * headDim];
  const block = 2 * hidden * queryWidth + 2 * hidden * kvWidth + 3 * hidden * ffn;
  const pairs = 2 * (hidden + queryWidth) + 2 * (hidden + kvWidth) + 3 * (hidden + ffn);
  const blockParameters = layers * block;
  const parameters = blockParameters + vocab * hidden * (tied ? 1 : 2) + (2 * layers + 1) * hidden;
  const adapterParameters = layers * rank * pairs;
  return {
    name,
    layers,
    hidden,
    ffn,
    queryWidth,
    kvWidth,
    vocab,
    tied,
    parameters,
    blockParameters,
    adapterParameters,
  };
}
const MODELS = {
  "Qwen3-0.6B": model("Qwen3-0.6B", 28, 1024, 3072, 16, 8, 128, 151936, true),
  "Qwen3-1.7B": model("Qwen3-1.7B", 28, 2048, 6144, 16, 8, 128, 151936, true),
  "Qwen3-4B": model("Qwen3-4B", 36, 2560, 9728, 32, 8, 128, 151936, true),
  "Llama-3.1-8B": model("Llama-3.1-8B", 32, 4096, 14336, 32, 8, 128, 128256, false),
  "Qwen3-14B": model("Qwen3-14B", 40, 5120, 17408, 40, 8, 128, 151936, false),
  "Qwen3-32B": model("Qwen3-32B", 64, 5120, 25600, 64, 8, 128, 151936, false),
  "Llama-3.1-70B": model("Llama-3.1-70B", 80, 8192, 28672, 64, 8, 128, 128256, false),
};
const LLAMA_3B = model("Llama-3.2-3B", 28, 3072, 8192, 24, 8, 128, 128256, true);
const QWEN_7B = model("Qwen-7B", 32, 4096, 11008, 32, 32, 128, 151936, false, 64);
const LLAMA_2_70B = model("Llama-2-70B", 80, 8192, 28672, 64, 8, 128, 32000, false, 8);

const recipe = (input: RecipeInput = {}) =>
  parseRecipe({ data: { maxLength: 1024 }, batch: { size: 8 }, schedule: { steps: 500 }, ...input });
const rows = (length: number, sequences = 1): DataFacts => ({
  ...{ rows: 1000, heldOut: 100, sequences, counted: true },
  lengths: Array.from({ length: 200 }, (_, i) => Math.max(16, Math.round((length * (i + 1)) / 200))),
});
const plan = (name: keyof typeof MODELS, input: RecipeInput = {}): Plan =>
  planJob(recipe(input), MODELS[name], rows(1024), dated());

describe("memory", () => {
  const load = {
    ...{ method: "sft" as const, sampled: 0, sampledLength: 0, shards: 1, gpus: 1, wholeLogits: true },
  };
  const GB = 1e9;
  // [what, formula, published bytes]: the formula must not be below what was measured, nor twice above.
  const published: [string, number, number][] = [
    [
      "PEFT MetaMathQA, Llama-3.2-3B, LoRA r=32 of q and v, 4 × 768, no checkpointing, L40S: 22.3 GB reserved at most",
      memoryOf(
        { ...LLAMA_3B, adapterParameters: 9_175_040 },
        { ...load, weights: "lora", sequences: 4, length: 768, checkpointing: false },
      ).total,
      22.29 * GB,
    ],
    [
      "Qwen-7B, LoRA, 1 × 256, A100: 20.1 GB",
      memoryOf(QWEN_7B, { ...load, weights: "lora", sequences: 1, length: 256, checkpointing: true }).total,
      20.1 * GB,
    ],
    [
      "Qwen-7B, LoRA, 1 × 8192, A100: 36.6 GB",
      memoryOf(QWEN_7B, { ...load, weights: "lora", sequences: 1, length: 8192, checkpointing: true }).total,
      36.6 * GB,
    ],
    [
      "Qwen-7B, QLoRA, 1 × 2048, A100: 13.9 GB",
      memoryOf(QWEN_7B, { ...load, weights: "qlora", sequences: 1, length: 2048, checkpointing: true }).total,
      13.9 * GB,
    ],
    [
      "PEFT's guide, Llama-2-70B, QLoRA, FSDP on 2 GPUs without offload: 35.6 GB each",
      memoryOf(LLAMA_2_70B, {
        ...load,
        weights: "qlora",
        sequences: 2,
        length: 2048,
        checkpointing: true,
        shards: 2,
        gpus: 2,
      }).total,
      35.6 * GB,
    ],
    [
      "PEFT's guide, Llama-2-70B, LoRA, ZeRO-3 on 8 × 80 GB: 64 GB each",
      memoryOf(LLAMA_2_70B, {
        ...load,
        weights: "lora",
        sequences: 8,
        length: 2048,
        checkpointing: true,
        shards: 8,
        gpus: 8,
      }).total,
      64 * GB,
    ],
  ];
  test.each(published)("%s", (_, formula, measured) => {
    expect(formula / measured).toBeGreaterThan(1);
    expect(formula / measured).toBeLessThan(2);
  });

  test("parameters are the models' own", () => {
    const billions = Object.values(MODELS).map(({ parameters }) => Math.round(parameters / 1e7) / 100);
    expect(billions).toEqual([0.6, 1.72, 4.02, 8.03, 14.77, 32.76, 70.55]);
  });
});

describe("time", () => {
  const work = (weights: "lora" | "qlora" | "full", checkpointing: boolean) => ({
    ...{ weights, method: "sft" as const, steps: 1, rowsPerStep: 1, sequences: 1, checkpointing, sharded: false },
    answerTokens: 0,
  });
  const seconds = (facts: ModelFacts, gpu: string, kind: ReturnType<typeof work>, tokens: number, keys: number) => {
    const found = gpuOf(gpu);
    if (!found) throw new Error(gpu);
    return passSeconds(facts, kind, found, tokens, keys);
  };
  // [what, formula, published seconds of one micro-batch]
  const perBatch = 4_198_051 / 5000;
  const published: [string, { low: number; high: number }, number][] = [
    [
      "PEFT LoRA q, v",
      seconds({ ...LLAMA_3B, adapterParameters: 9_175_040 }, "L40S", work("lora", false), perBatch, 105),
      perBatch / 7174,
    ],
    [
      "PEFT LoRA MLP",
      seconds({ ...LLAMA_3B, adapterParameters: 9_461_760 }, "L40S", work("lora", false), perBatch, 105),
      perBatch / 6309,
    ],
    ["PEFT full", seconds(LLAMA_3B, "L40S", work("full", false), perBatch, 105), perBatch / 2316],
    ["Qwen LoRA 256", seconds(QWEN_7B, "A100", work("lora", true), 256, 128), 1.2 / 8],
    ["Qwen LoRA 2048", seconds(QWEN_7B, "A100", work("lora", true), 2048, 1024), 5.2 / 8],
    ["Qwen LoRA 8192", seconds(QWEN_7B, "A100", work("lora", true), 8192, 4096), 21.3 / 8],
    ["Qwen QLoRA 256", seconds(QWEN_7B, "A100", work("qlora", true), 256, 128), 3.0 / 8],
    ["Qwen QLoRA 2048", seconds(QWEN_7B, "A100", work("qlora", true), 2048, 1024), 7.0 / 8],
  ];
  test.each(published)("%s is inside its interval", (_, { low, high }, measured) => {
    expect(measured).toBeGreaterThan(low);
    expect(measured).toBeLessThan(high);
  });
});

describe("plans", () => {
  test("no plan runs out of memory by its own formula, and says so where nothing fits", () => {
    for (const name of Object.keys(MODELS) as (keyof typeof MODELS)[]) {
      for (const method of ["sft", "dpo", "grpo"] as const) {
        for (const row of plan(name, { method }).rows) {
          expect(
            row.fits === false || row.memory.total <= row.memory.limit,
            `${name} ${row.flavor} ${row.weights}`,
          ).toBe(true);
          expect(row.fits || row.why !== "", `${name} ${row.flavor}`).toBe(true);
          if (!row.fits) continue;
          expect(row.timeoutSeconds).toBeGreaterThan(row.seconds.high);
          expect(row.ceilingDollars).toBeGreaterThanOrEqual(row.dollars.high);
          expect(row.seconds.low).toBeLessThan(row.seconds.high);
        }
      }
    }
  });

  const smallest = (found: Plan, weights: string) =>
    found.rows.filter((row) => row.fits && row.weights === weights).map(({ flavor }) => flavor);

  test("the known cases", () => {
    // full fine-tuning in 32 bits takes 18 bytes a parameter: 0.6B on 16 GB, 4B on 80 GB and more, 8B not on one GPU of 141 GB …
    expect(smallest(plan("Qwen3-0.6B"), "lora")).toContain("t4-small");
    expect(smallest(plan("Qwen3-0.6B"), "full")).toContain("l4x1");
    expect(smallest(plan("Qwen3-1.7B"), "full")).not.toContain("l4x1");
    expect(smallest(plan("Qwen3-4B"), "lora")).toContain("l4x1");
    expect(smallest(plan("Qwen3-4B"), "qlora")).toContain("t4-small");
    expect(smallest(plan("Llama-3.1-8B"), "lora")).toContain("a10g-large");
    expect(smallest(plan("Llama-3.1-8B"), "lora")).not.toContain("t4-small");
    expect(smallest(plan("Llama-3.1-8B"), "full")).not.toContain("a100-large");
    expect(smallest(plan("Llama-3.1-8B"), "full")).toContain("a100x4");
    // 4 bits: 7 and 16 GB in the blocks, beside tables of 1.6 B weights that stay wide.
    expect(smallest(plan("Qwen3-14B"), "qlora")).toContain("l4x1");
    expect(smallest(plan("Qwen3-14B"), "qlora")).not.toContain("t4-small");
    expect(smallest(plan("Qwen3-14B"), "lora")).toContain("l40sx1");
    expect(smallest(plan("Qwen3-32B"), "qlora")).toContain("l40sx1");
    expect(smallest(plan("Qwen3-32B"), "qlora")).not.toContain("l4x1");
    expect(smallest(plan("Qwen3-32B"), "lora")).toContain("h200");
    expect(smallest(plan("Qwen3-32B"), "lora")).not.toContain("l40sx1");
    const large = plan("Llama-3.1-70B");
    expect(smallest(large, "qlora")).toContain("a100-large");
    expect(smallest(large, "lora")).not.toContain("h200");
    expect(smallest(large, "lora")).toContain("a100x4");
    expect(smallest(large, "full")).not.toContain("a100x8");
    expect(large.rows.find(({ flavor, weights }) => flavor === "a100x4" && weights === "lora")?.sharing).toBe("fsdp");
  });

  test("Muon needs whole matrices on each GPU", () => {
    const sharings = (kind: "adamw" | "muon") =>
      plan("Llama-3.1-8B", { trains: "full", optimizer: { kind } })
        .rows.filter(({ fits }) => fits)
        .map((row) => row.sharing);
    expect(sharings("adamw")).toContain("fsdp");
    expect(sharings("muon")).not.toContain("fsdp");
  });

  test("cheapest, fastest and recommended are among what fits, and are what they say", () => {
    const { rows: all, cheapest, fastest, recommended } = plan("Qwen3-4B");
    const fitting = all.filter((row) => row.fits && row.weights !== "full");
    expect(cheapest?.dollars.high).toBe(Math.min(...fitting.map(({ dollars }) => dollars.high)));
    expect(fastest?.seconds.high).toBe(Math.min(...fitting.map(({ seconds }) => seconds.high)));
    expect(recommended?.weights).toBe("lora");
    expect(fitting).toContain(recommended);
  });

  test("every step keeps the recipe's rows", () => {
    for (const method of ["sft", "dpo", "grpo"] as const) {
      const asked = recipe({ method, batch: { size: 4, accumulate: 3 } });
      const units = 12 * (method === "grpo" ? asked.grpo.numGenerations : 1);
      for (const row of planJob(asked, MODELS["Qwen3-4B"], rows(900), dated()).rows.filter(({ fits }) => fits)) {
        expect(units % (row.perDevice * row.gpus), `${method} ${row.flavor}`).toBe(0);
        const { perDevice, accelerate } = scriptOptions(asked, row);
        expect(accelerate === null).toBe(row.gpus === 1);
        expect(perDevice === null || perDevice === row.perDevice).toBe(true);
      }
    }
  });

  test("this device is a row of its own, with the speed that was measured", () => {
    const here = { engine: "webgpu", tokensPerSecond: 1000, fits: true };
    const found = planJob(recipe(), MODELS["Qwen3-0.6B"], rows(1024), dated(), { here });
    expect(found.here?.seconds).toBeCloseTo(found.tokens / 1000, 6);
  });
});

describe("hardware", () => {
  const entry = (more: object) => ({ name: "x", unitCostUSD: 0.05, unitLabel: "minute", ram: "46 GB", ...more });
  const accelerator = { type: "gpu", model: "A10G", quantity: "2", vram: "48 GB", manufacturer: "Nvidia" };

  test("the Hub's answer: memory of all GPUs together, price by the minute", () => {
    const { flavors, live } = readHardware(
      [entry({ accelerator }), entry({ accelerator: null }), { junk: 1 }],
      "2026-11-21",
    );
    expect(live).toBe(true);
    expect(flavors).toEqual([{ name: "x", model: "A10G", gpus: 2, vramGB: 24, ramGB: 46, dollarsPerHour: 3 }]);
  });

  test("a list of nothing that is known is refused; what cannot be had is the dated copy, and why", async () => {
    expect(() => readHardware([entry({ accelerator: { ...accelerator, model: "B900" } })], "")).toThrow("no GPU");
    const offline = await hardwareList("http://127.0.0.1:1", {
      fetch: async () => Promise.reject(new Error("no way there")),
    });
    expect(offline).toMatchObject({ live: false, why: "no way there" });
    const busy = await hardwareList("http://127.0.0.1:1", { fetch: async () => new Response("", { status: 503 }) });
    expect(busy).toMatchObject({ live: false, why: "the Hub answered 503" });
    expect(busy.flavors.every(({ model: gpu }) => gpuOf(gpu) !== undefined)).toBe(true);
  });
});
