/**
 * Tiny models of e2e/fixtures on a target, and the comparisons that every one of them must pass: logits, every LoRA
 * gradient and greedy text equal those of PyTorch and PEFT (e2e/fixtures/README.md). Used by tests only.
 */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import * as z from "zod/mini";
import { packBatch } from "@/data/pack";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor } from "@/files/safetensors";
import { call, createGraph, external } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import {
  type AdapterLayout,
  type AdapterTensors,
  adapterLayout,
  adapterPairs,
  packAdapter,
  unpackAdapter,
} from "@/model/adapter";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import { architectureOf } from "@/model/families";
import { createGenerator } from "@/model/generate";
import { createRuntime, decoderOf, type Runtime } from "@/model/runtime";
import { locateTensors } from "@/model/weights";
import { compare } from "@/ops/check";
import { multiply } from "@/ops/linear";
import { PLAIN_HEAD } from "@/train/objective";
import { createPasses } from "@/train/passes";
import { parseRecipe } from "@/train/recipe";

const ints = z.array(z.int());
const Golden = z.looseObject({
  lora: z.looseObject({ rank: z.int(), alpha: z.number(), targets: z.array(z.string()) }),
  packed: z.looseObject({ lengths: ints, ids: ints, labels: ints, positions: ints, starts: ints }),
  loss: z.looseObject({ tokens: z.int(), base: z.number(), adapter: z.number() }),
  greedy: z.looseObject({ cases: z.array(z.looseObject({ prompt: ints, base: ints, adapter: ints })) }),
});
type Golden = z.infer<typeof Golden>;

export interface GoldenModel {
  readonly golden: Golden;
  readonly runtime: Runtime;
  readonly layout: AdapterLayout;
  /** On the device, filled with `stored`. */
  readonly adapter: DeviceBuffer;
  readonly stored: AdapterTensors;
  /** A tensor of golden.safetensors. */
  readonly expected: (key: string) => Promise<Float32Array>;
}

const fixture = (name: string, path: string) =>
  readFileSync(new URL(`../../e2e/fixtures/${name}/${path}`, import.meta.url));

export const readGolden = (name: string): unknown => JSON.parse(fixture(name, "golden.json").toString());

export async function openGolden(name: string, target: Target): Promise<GoldenModel> {
  const golden = z.parse(Golden, readGolden(name));
  const expected = await tensorsOf(name, "golden.safetensors");
  const lora = await tensorsOf(name, "adapter/adapter_model.safetensors");
  const arch = architectureOf(JSON.parse(fixture(name, "config.json").toString()));
  const located = await locateTensors(arch, [fromBytes(fixture(name, "model.safetensors"))]);
  const runtime = await createRuntime(target, arch, "f32", located, () => {});
  const layout = adapterLayout(arch, { ...parseRecipe({}).lora, rank: golden.lora.rank, alpha: golden.lora.alpha });
  const pair = async (key: string) => ({ a: await lora(peftName(key, "A")), b: await lora(peftName(key, "B")) });
  const stored = new Map(await Promise.all(layout.slots.map(async ({ key }) => [key, await pair(key)] as const)));
  const adapter = target.allocate(layout.length * 4, "adapter");
  target.write(adapter, packAdapter(layout, stored));
  return { golden, expected, runtime, layout, adapter, stored };
}

async function tensorsOf(name: string, path: string): Promise<(key: string) => Promise<Float32Array>> {
  const source = fromBytes(fixture(name, path));
  const header = await readHeader(source);
  return async (key) => {
    const entry = header.get(key);
    if (!entry) throw new Error(`${path} has no ${key}`);
    return readTensor(source, entry);
  };
}

function sequences({ packed: { lengths, ids, labels } }: Golden) {
  let at = 0;
  return lengths.map((length) => {
    const from = at;
    at += length;
    return { ids: ids.slice(from, at), labels: labels.slice(from, at) };
  });
}

function setStep({ target, buffers }: Runtime, adapterScale: number, lossScale = 1): void {
  const step = packStep({ ...NO_STEP, adapter_scale: adapterScale, loss_scale: lossScale });
  target.write(buffers.get("step") as DeviceBuffer, step);
}

export function peftName(key: string, matrix: "A" | "B"): string {
  const [, layer, projection = ""] = key.split(".");
  const module = /gate|up|down/.test(projection) ? "mlp" : "self_attn";
  return `base_model.model.model.layers.${layer}.${module}.${projection}.lora_${matrix}.weight`;
}

/** Without and with the adapter, by the name of the goldens. */
const arms = ({ alpha, rank }: AdapterLayout) => [["base", 0] as const, ["adapter", alpha / rank] as const];

export function testLogits({ golden, expected, runtime, layout, adapter }: GoldenModel): void {
  test("logits with and without the adapter", async () => {
    const { target, arch, tensors } = runtime;
    const batch = packBatch(sequences(golden));
    const rows = batch.tokens.length;
    const g = createGraph("logits");
    const decoder = decoderOf(arch, tensors, adapterPairs(layout, false));
    const hidden = finalNorm(g, decoder, decode(g, decoder, rowInputs(rows)));
    const logits = multiply(g, hidden, decoder.weights.head);
    const out = external("out", logits.shape);
    const width = logits.shape[1] ?? 0;
    const reads = { x: logits, index: external("iota", [rows], "u32") };
    call(g, "gather.forward", { reads, writes: { y: out } }, { WIDTH: width }, gridOf((rows * width) / 4));
    const inputs = { ...batch, iota: Uint32Array.from({ length: rows }, (_, i) => i) };
    const buffers = new Map([...runtime.buffers, ["adapter", adapter] as const]);
    for (const key of ["tokens", "positions", "span", "iota"] as const) {
      const buffer = target.allocate(inputs[key].byteLength, key);
      target.write(buffer, inputs[key]);
      buffers.set(key, buffer);
    }
    buffers.set("out", target.allocate(rows * width * 4, "out"));
    const executable = await target.compile(compileGraph(g), buffers);
    for (const [arm, scale] of arms(layout)) {
      setStep(runtime, scale);
      await executable.run();
      const got = new Float32Array(await target.read(buffers.get("out") as DeviceBuffer));
      const want = await expected(`logits.${arm}`);
      compare(got.subarray(0, golden.packed.ids.length * width), want, 1e-4, `${arm} logits`);
    }
  });
}

export function testGradients({ golden, expected, runtime, layout, adapter }: GoldenModel): void {
  test("every LoRA gradient", async () => {
    const batch = packBatch(sequences(golden));
    const largest = { tokens: batch.tokens.length, labels: batch.targets.length };
    const passes = createPasses({ runtime, layout, adapter, head: PLAIN_HEAD, largest, trained: true });
    setStep(runtime, layout.scale, 1 / golden.loss.tokens);
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
}

export function testGreedy({ golden, runtime, layout, adapter }: GoldenModel): void {
  test("greedy text, prompts of different lengths in one batch", async () => {
    const { cases } = golden.greedy;
    const length = Math.max(...cases.map(({ prompt }) => prompt.length)) + 16;
    // Two places for three prompts, so that one waits for another to end.
    const generator = createGenerator(runtime, { layout, buffer: adapter }, { sequences: 2, length, ahead: 3 });
    for (const [arm, adapterScale] of arms(layout)) {
      const options = { maxTokens: 16, temperature: 0, seed: 1, adapterScale, stopIds: [] };
      const requests = cases.map(({ prompt }, key) => ({ prompt, key }));
      expect(await generator.run(requests, options)).toEqual(cases.map((item) => item[arm]));
    }
    // Passes that were on their way when a stop was drawn leave no trace.
    const [first] = cases;
    const stop = first?.base[4] ?? 0;
    const options = { maxTokens: 16, temperature: 0, seed: 1, adapterScale: 0, stopIds: [stop] };
    const upToStop = (tokens: readonly number[]) => [...tokens, stop].slice(0, [...tokens, stop].indexOf(stop));
    const requests = cases.map(({ prompt }, key) => ({ prompt, key }));
    expect(await generator.run(requests, options)).toEqual(cases.map(({ base }) => upToStop(base)));
    generator.release();
  });
}
