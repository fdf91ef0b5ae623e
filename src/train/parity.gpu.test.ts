/**
 * The one parity test above all others: on tiny random Llamas, logits, every LoRA gradient and twenty losses of training
 * equal those of PyTorch and PEFT (e2e/fixtures/README.md says how they were made), on every target of this machine.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { packBatch } from "@/data/pack";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor } from "@/files/safetensors";
import { call, createGraph, external } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import { adapterLayout, adapterPairs, initialAdapter, packAdapter, unpackAdapter } from "@/model/adapter";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import { architectureOf } from "@/model/families";
import { createGenerator } from "@/model/generate";
import { createRuntime, decoderOf, type Runtime } from "@/model/runtime";
import { locateTensors } from "@/model/weights";
import { compare, targets } from "@/ops/check";
import { multiply } from "@/ops/linear";
import { sft } from "@/train/objective";
import { createPasses } from "@/train/passes";
import { parseRecipe } from "@/train/recipe";
import { train } from "@/train/trainer";

const ints = z.array(z.int());
const Rows = z.array(z.looseObject({ ids: ints, labels: ints }));
const Run = z.looseObject({
  order: z.array(z.array(ints)),
  loss: z.array(z.number()),
  gradNorm: z.array(z.number()),
  lr: z.array(z.number()),
});
const Golden = z.looseObject({
  lora: z.looseObject({ rank: z.int(), alpha: z.number(), targets: z.array(z.string()) }),
  packed: z.looseObject({ lengths: ints, ids: ints, labels: ints, positions: ints, starts: ints }),
  loss: z.looseObject({ tokens: z.int(), base: z.number(), adapter: z.number() }),
  training: z.looseObject({
    rows: Rows,
    optimizer: z.looseObject({}),
    schedule: z.looseObject({}),
    runs: z.looseObject({ plain: Run, accumulated: Run }),
  }),
  greedy: z.looseObject({ cases: z.array(z.looseObject({ prompt: ints, base: ints, adapter: ints })) }),
});

async function open(name: string, target: Target) {
  const folder = new URL(`../../e2e/fixtures/${name}/`, import.meta.url);
  const file = (path: string) => readFileSync(new URL(path, folder));
  const golden = z.parse(Golden, JSON.parse(file("golden.json").toString()));
  const tensors = fromBytes(file("golden.safetensors"));
  const header = await readHeader(tensors);
  const expected = async (key: string) => {
    const entry = header.get(key);
    if (!entry) throw new Error(`golden.safetensors has no ${key}`);
    return readTensor(tensors, entry);
  };
  const adapterFile = fromBytes(file("adapter/adapter_model.safetensors"));
  const adapterHeader = await readHeader(adapterFile);
  const lora = async (key: string, matrix: "A" | "B") => {
    const entry = adapterHeader.get(peftName(key, matrix));
    if (!entry) throw new Error(`the adapter has no ${key}`);
    return readTensor(adapterFile, entry);
  };
  const arch = architectureOf(JSON.parse(file("config.json").toString()));
  const located = await locateTensors(arch, [fromBytes(file("model.safetensors"))]);
  const runtime = await createRuntime(target, arch, "f32", located, () => {});
  const layout = adapterLayout(arch, { ...parseRecipe({}).lora, rank: golden.lora.rank, alpha: golden.lora.alpha });
  const stored = new Map(
    await Promise.all(
      layout.slots.map(async ({ key }) => [key, { a: await lora(key, "A"), b: await lora(key, "B") }] as const),
    ),
  );
  const adapter = target.allocate(layout.length * 4, "adapter");
  target.write(adapter, packAdapter(layout, stored));
  return { golden, expected, runtime, layout, adapter, stored };
}

function split(golden: z.infer<typeof Golden>) {
  const { lengths, ids, labels } = golden.packed;
  let at = 0;
  return lengths.map((length) => {
    const from = at;
    at += length;
    return { ids: ids.slice(from, at), labels: labels.slice(from, at) };
  });
}

const setStep = ({ target, buffers }: Runtime, scale: number, lossScale = 1) =>
  target.write(
    buffers.get("step") as DeviceBuffer,
    packStep({ ...NO_STEP, adapter_scale: scale, loss_scale: lossScale }),
  );

const peftName = (key: string, matrix: "A" | "B") => {
  const [, layer, projection = ""] = key.split(".");
  const module = /gate|up|down/.test(projection) ? "mlp" : "self_attn";
  return `base_model.model.model.layers.${layer}.${module}.${projection}.lora_${matrix}.weight`;
};

describe.each(["llama-gqa", "llama-untied", "llama-wide-head"])("%s equals PyTorch", async (name) => {
  describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", async (_, target) => {
    const { golden, expected, runtime, layout, adapter, stored } = await open(name, target);
    const { arch } = runtime;
    const scale = layout.alpha / layout.rank;

    test("logits with and without the adapter", async () => {
      const batch = packBatch(split(golden));
      const rows = batch.tokens.length;
      const g = createGraph("logits");
      const decoder = decoderOf(arch, runtime.tensors, adapterPairs(layout, false));
      const hidden = finalNorm(g, decoder, decode(g, decoder, rowInputs(rows)));
      const logits = multiply(g, hidden, decoder.weights.head);
      const out = external("out", logits.shape);
      const width = logits.shape[1] ?? 0;
      const reads = { x: logits, index: external("iota", [rows], "u32") };
      call(g, "gather.forward", { reads, writes: { y: out } }, { WIDTH: width }, gridOf((rows * width) / 4));
      const inputs = { ...batch, iota: Uint32Array.from({ length: rows }, (__, i) => i) };
      const buffers = new Map([...runtime.buffers, ["adapter", adapter] as const]);
      for (const key of ["tokens", "positions", "span", "iota"] as const) {
        const buffer = target.allocate(inputs[key].byteLength, key);
        target.write(buffer, inputs[key]);
        buffers.set(key, buffer);
      }
      buffers.set("out", target.allocate(rows * width * 4, "out"));
      const executable = await target.compile(compileGraph(g), buffers);
      for (const [which, adapterScale] of [
        ["base", 0],
        ["adapter", scale],
      ] as const) {
        setStep(runtime, adapterScale);
        await executable.run();
        const got = new Float32Array(await target.read(buffers.get("out") as DeviceBuffer));
        compare(
          got.subarray(0, golden.packed.ids.length * width),
          await expected(`logits.${which}`),
          1e-4,
          `${which} logits`,
        );
      }
    });

    test("every LoRA gradient", async () => {
      const batch = packBatch(split(golden));
      const largest = { tokens: batch.tokens.length, labels: batch.targets.length };
      const passes = createPasses({ runtime, layout, adapter, objective: sft, largest, trained: true });
      setStep(runtime, scale, 1 / golden.loss.tokens);
      const nll = await (await passes.train(batch)).nll;
      expect(nll.length).toBe(golden.loss.tokens);
      expect(nll.reduce((a, b) => a + b, 0) / golden.loss.tokens).toBeCloseTo(golden.loss.adapter, 4);
      const gradient = unpackAdapter(layout, await passes.gradient());
      for (const [key, { a, b }] of gradient) {
        compare(a, await expected(`grad.${peftName(key, "A")}`), 1e-3, `gradient of A of ${key}`);
        compare(b, await expected(`grad.${peftName(key, "B")}`), 1e-3, `gradient of B of ${key}`);
      }
      passes.release();
    });

    test.each(["plain", "accumulated"] as const)("twenty losses of %s training", async (kind) => {
      const { rows, optimizer, schedule, runs } = golden.training;
      const { order, loss, gradNorm, lr } = runs[kind];
      const start = initialAdapter(layout, 0).fill(0);
      start.set(
        packAdapter(layout, new Map([...stored].map(([key, { a, b }]) => [key, { a, b: new Float32Array(b.length) }]))),
      );
      target.write(adapter, start);
      const recipe = parseRecipe({
        lora: { rank: layout.rank, alpha: layout.alpha },
        optimizer,
        schedule,
        batch: { size: order[0]?.[0]?.length, accumulate: order[0]?.length },
      });
      const flat = order.flat().values();
      const got: { loss: number; gradNorm: number; lr: number }[] = [];
      for await (const event of train({
        runtime,
        layout,
        adapter,
        recipe,
        trainRows: rows,
        evalRows: [],
        order: flat,
      })) {
        if (event.type === "step") got.push(event);
      }
      const worst = (values: number[], wanted: number[]) =>
        Math.max(
          ...wanted.map((value, i) => Math.abs((values[i] ?? Number.NaN) - value) / Math.max(Math.abs(value), 1e-9)),
        );
      expect(got.length).toBe(20);
      expect(
        worst(
          got.map((step) => step.lr),
          lr,
        ),
      ).toBeLessThan(1e-6);
      expect(
        worst(
          got.map((step) => step.loss),
          loss,
        ),
      ).toBeLessThan(1e-4);
      expect(
        worst(
          got.map((step) => step.gradNorm),
          gradNorm,
        ),
      ).toBeLessThan(1e-3);
      const final = unpackAdapter(layout, new Float32Array(await target.read(adapter)));
      for (const [key, { a, b }] of final) {
        compare(a, await expected(`${kind}.${peftName(key, "A")}`), 2e-3, `A of ${key}`);
        compare(b, await expected(`${kind}.${peftName(key, "B")}`), 2e-3, `B of ${key}`);
      }
      target.write(adapter, packAdapter(layout, stored));
    });

    test("greedy text, prompts of different lengths in one batch", async () => {
      const { cases } = golden.greedy;
      const length = Math.max(...cases.map(({ prompt }) => prompt.length)) + 16;
      // Two places for three prompts, so that one waits for another to end.
      const generator = createGenerator(runtime, { layout, buffer: adapter }, { sequences: 2, length });
      for (const [which, adapterScale] of [
        ["base", 0],
        ["adapter", scale],
      ] as const) {
        const options = { maxTokens: 16, temperature: 0, seed: 1, adapterScale, stopIds: [] };
        const answers = await generator.run(
          cases.map(({ prompt }, key) => ({ prompt, key })),
          options,
        );
        expect(answers).toEqual(cases.map((item) => item[which]));
      }
      generator.release();
    });
  });
});
