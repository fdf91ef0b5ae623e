import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { ExportBase } from "@/export/base";
import type { ExportPlan } from "@/export/format";
import { planGguf } from "@/export/gguf";
import { planGgufLora } from "@/export/gguf-lora";
import { sizeLabel } from "@/export/gguf-metadata";
import { tensorType } from "@/export/gguf-mix";
import { pairsByTensor } from "@/export/merge";
import { planMerged } from "@/export/merged";
import type { Adapter } from "@/export/peft";
import { fromBytes } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { readHeader, readTensor } from "@/files/safetensors";
import { projectionShape } from "@/model/architecture";
import { openGguf } from "@/model/gguf";
import { ggufConfig } from "@/model/gguf-config";
import { tensorRows } from "@/model/located";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";
import type { Projection } from "@/train/recipe";

const source = fromBytes(readFileSync(new URL("../../e2e/fixtures/gguf/tiny.gguf", import.meta.url)));
const gguf = await readGguf(source);
const { arch, located } = await openGguf(source);
const { tokenizerJson, configJson } = ggufTokenizer(gguf.metadata);
const base: ExportBase = {
  ...{ name: "org/tiny", arch, located, gguf: source, config: ggufConfig(gguf), generation: {} },
  ...{ tokenizerJson, tokenizerConfigJson: configJson },
};

/** One pair, on one matrix of one layer. */
function adapterOn(projection: Projection): Adapter {
  const [outputs, inputs] = projectionShape(arch, projection);
  const ramp = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i) / 10);
  const pair = { a: ramp(2 * inputs), b: ramp(2 * outputs) };
  return { rank: 2, alpha: 4, targets: [projection], tensors: new Map([[`layers.1.${projection}`, pair]]) };
}

async function bytesOf(plan: ExportPlan, name = plan.files.at(-1)?.name): Promise<Uint8Array<ArrayBuffer>> {
  const file = plan.files.find((one) => one.name === name);
  const chunks: Uint8Array[] = [];
  for await (const chunk of file?.chunks() ?? []) chunks.push(chunk);
  const bytes = new Uint8Array(Buffer.concat(chunks));
  expect(bytes.length).toBe(file?.bytes);
  return bytes;
}

async function valuesOf(name: string, from = located): Promise<Float32Array> {
  const found = from.get(name);
  if (!found) throw new Error(`no ${name}`);
  const pieces: Float32Array[] = [];
  for await (const { values } of tensorRows(found)) pieces.push(values);
  return new Float32Array(pieces.flatMap((piece) => [...piece]));
}

describe("a GGUF from a GGUF", () => {
  test("keeps what the adapter does not reach, and all metadata, byte for byte", async () => {
    const bytes = await bytesOf(await planGguf({ base, adapter: adapterOn("q_proj"), name: "tuned" }, "q8_0"));
    const made = await readGguf(fromBytes(bytes));
    expect([...made.tensors.keys()]).toEqual([...gguf.tensors.keys()]);
    for (const [name, tensor] of gguf.tensors) {
      const now = made.tensors.get(name);
      const isMatrix = tensor.shape.length > 1;
      if (name === "blk.1.attn_q.weight" || (isMatrix && /^(F32|F16|BF16)$/.test(tensor.type))) {
        expect([name, now?.type]).toEqual([name, "Q8_0"]);
      } else {
        expect(bytes.slice(now?.offset, (now?.offset ?? 0) + tensor.bytes)).toEqual(
          await source.read(tensor.offset, tensor.bytes),
        );
      }
    }
    for (const [key, stored] of gguf.stored) {
      if (key.startsWith("tokenizer.") || key.startsWith("llama.")) expect(made.stored.get(key)).toEqual(stored);
    }
  });

  test("holds W + s B A where it does, in llama.cpp's order of rows and read back in ours", async () => {
    const adapter = adapterOn("q_proj");
    const opened = await openGguf(fromBytes(await bytesOf(await planGguf({ base, adapter, name: "tuned" }, "f32"))));
    const name = arch.names.projection(1, "q_proj");
    const pair = pairsByTensor(arch, adapter).get(name);
    const plain = await valuesOf(name);
    const merged = await valuesOf(name, opened.located);
    const [, columns] = projectionShape(arch, "q_proj");
    const wanted = plain.map((value, i) => {
      const [row, column] = [Math.floor(i / columns), i % columns];
      const sum = [0, 1].reduce((s, k) => s + (pair?.b[row * 2 + k] ?? 0) * (pair?.a[k * columns + column] ?? 0), 0);
      return value + 2 * sum;
    });
    expect(Math.max(...merged.map((value, i) => Math.abs(value - (wanted[i] ?? 0))))).toBeLessThan(1e-6);
  });
});

test("merged safetensors are cut into files with an index, and hold the same values", async () => {
  const plan = planMerged({ base, name: "tuned" }, "f32", 60_000);
  const shards = plan.files.filter(({ name }) => name.endsWith(".safetensors"));
  expect(shards.length).toBeGreaterThan(2);
  const index = JSON.parse(new TextDecoder().decode(await bytesOf(plan, "model.safetensors.index.json")));
  expect(Object.keys(index.weight_map).sort()).toEqual([...located.keys()].sort());
  const name = arch.names.projection(0, "k_proj");
  const shard = fromBytes(await bytesOf(plan, index.weight_map[name]));
  const entry = (await readHeader(shard)).get(name);
  if (!entry) throw new Error("the index points to the wrong file");
  expect(await readTensor(shard, entry)).toEqual(await valuesOf(name));
});

test("the LoRA has a pair per matrix, with q's rows as llama.cpp turns them", async () => {
  const adapter = adapterOn("q_proj");
  const made = await readGguf(fromBytes(await bytesOf(planGgufLora({ base, adapter, name: "t" }, "f32"))));
  expect([...made.tensors.keys()]).toEqual(["blk.1.attn_q.weight.lora_a", "blk.1.attn_q.weight.lora_b"]);
  expect(made.metadata.get("adapter.lora.alpha")).toBe(4);
  expect(made.metadata.get("general.type")).toBe("adapter");
  expect(() => planGgufLora({ base, name: "t" }, "f32")).toThrow(/no adapter/);
});

test.each([
  ["q4_k_m", "blk.0.attn_v.weight", 1024, false, "Q6_K"],
  ["q4_k_m", "blk.4.attn_v.weight", 1024, false, "Q4_K"],
  ["q4_k_m", "blk.5.ffn_down.weight", 1024, false, "Q6_K"],
  ["q4_k_m", "blk.27.ffn_down.weight", 1024, false, "Q6_K"],
  ["q4_k_m", "token_embd.weight", 1024, true, "Q6_K"],
  ["q4_k_m", "token_embd.weight", 1024, false, "Q4_K"],
  ["q4_k_m", "token_embd.weight", 576, true, "Q8_0"],
  ["q4_k_m", "blk.4.attn_q.weight", 576, false, "Q5_0"],
  ["q5_k_m", "blk.4.attn_q.weight", 576, false, "Q5_1"],
  ["q4_0", "output.weight", 1024, false, "Q6_K"],
  ["q4_0", "output.weight", 576, false, "Q8_0"],
  ["q8_0", "output.weight", 1024, false, "Q8_0"],
  ["q8_0", "blk.0.attn_q.weight", 48, false, "F16"],
  ["q8_0", "blk.0.attn_norm.weight", 1024, false, "F32"],
] as const)("%s: %s of %i columns, tied %s, is %s", (quant, name, columns, tied, type) => {
  const shape = name.includes("norm") ? [columns] : [64, columns];
  expect(tensorType(quant, name, shape, { layers: 28, tied })).toBe(type);
});

test.each([
  [134_515_008, "135M"],
  [1_235_814_400, "1.2B"],
  [1_180_032, "1.2M"],
  [596_049_920, "596M"],
])("%i parameters are %s", (count, label) => expect(sizeLabel(count)).toBe(label));
