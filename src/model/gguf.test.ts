import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { type ByteSource, fromBytes } from "@/files/byte-source";
import type { GgufValue } from "@/files/gguf";
import { type Architecture, expectedTensors } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { openGguf, separate } from "@/model/gguf";
import { ggufConfig } from "@/model/gguf-config";
import { convertTensor, type Located } from "@/model/located";
import { locateTensors } from "@/model/weights";
import { PROJECTIONS } from "@/train/recipe";

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/${name}`, import.meta.url));

/** What GGUF cannot say about these models: llama.cpp knows it by heart. */
const UNSAID: Readonly<Record<string, object>> = {
  "arch-gemma3": { query_pre_attn_scalar: 16, layer_types: null },
  "arch-smollm3": { no_rope_layers: null, no_rope_layer_interval: 4 },
};

async function values(name: string, located: ReadonlyMap<string, Located>): Promise<Float32Array> {
  const pieces: Uint8Array[] = [];
  const found = located.get(name);
  if (!found) throw new Error(`${name} was not located`);
  await convertTensor(name, found, "f32", (data) => pieces.push(data as Uint8Array));
  return new Float32Array(new Uint8Array(Buffer.concat(pieces)).buffer);
}

/** The functions of names cannot be compared, and numbers went through f32. */
function plain({ names: _, eosIds: __, ...arch }: Architecture): unknown {
  const round = (value: unknown): unknown => {
    if (typeof value === "number") return Number(value.toPrecision(6));
    if (Array.isArray(value)) return value.map(round);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, round(item)]));
  };
  return round(arch);
}

describe.each([
  "arch-llama-scaled",
  "arch-llama-biased",
  "arch-qwen2",
  "arch-qwen3",
  "arch-gemma3",
  "arch-olmo2",
  "arch-smollm3",
])("%s as GGUF is the model of the folder", (name) => {
  test("architecture and every tensor", async () => {
    const config = { ...JSON.parse(fixture(`${name}/config.json`).toString()), ...UNSAID[name] };
    const wanted = architectureOf(config);
    const folder = await locateTensors(wanted, [fromBytes(fixture(`${name}/model.safetensors`))]);
    const { arch, located, formatOf } = await openGguf(fromBytes(fixture(`gguf/${name}.gguf`)));
    expect(plain(arch)).toEqual(plain(wanted));
    for (const [tensor, shape] of expectedTensors(wanted, PROJECTIONS)) {
      expect(await values(tensor, located), tensor).toEqual(await values(tensor, folder));
      expect(formatOf(tensor)).toBe(shape.length === 1 ? "f32" : "f16");
    }
  });
});

test("interleaved rows of each head are separated, whatever a row's bytes", () => {
  const heads = Uint8Array.of(0, 2, 1, 3, 10, 12, 11, 13);
  expect([...separate(heads, 1, 4)]).toEqual([0, 1, 2, 3, 10, 11, 12, 13]);
  const pairs = Uint8Array.of(0, 0, 2, 2, 1, 1, 3, 3);
  expect([...separate(pairs, 2, 4)]).toEqual([0, 0, 1, 1, 2, 2, 3, 3]);
});

describe("what cannot be run is refused by name", () => {
  const base: Record<string, GgufValue> = {
    "general.architecture": "llama",
    "llama.block_count": 1,
    "llama.context_length": 64,
    "llama.embedding_length": 32,
    "llama.feed_forward_length": 64,
    "llama.attention.head_count": 4,
    "llama.attention.layer_norm_rms_epsilon": 1e-5,
  };
  const config = (changes: Record<string, GgufValue>) =>
    ggufConfig({ metadata: new Map(Object.entries({ ...base, ...changes })), tensors: new Map() });
  test.each([
    ["another architecture", { "general.architecture": "mamba" }, "model/unsupported", "mamba"],
    ["a prototype's name", { "general.architecture": "constructor" }, "model/unsupported", "constructor"],
    ["one part of several", { "split.count": 3 }, "model/unsupported", "one of 3 parts"],
    ["experts", { "llama.expert_count": 8 }, "model/unsupported", "mixture"],
    ["other heads in v", { "llama.attention.value_length": 16 }, "model/unsupported", "16 in v"],
    ["layers of different sizes", { "llama.feed_forward_length": [64, 32] }, "model/bad-config", "feed_forward_length"],
    ["no layers", { "llama.block_count": 0 }, "model/bad-config", "block_count"],
    ["a size that is text", { "llama.embedding_length": "32" }, "model/bad-config", "embedding_length"],
    ["a size of 2^63", { "llama.embedding_length": 2n ** 63n }, "model/bad-config", "embedding_length"],
  ] as const)("%s", (_, changes, code, message) => {
    expect(() => config(changes)).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
  });

  /** tiny.gguf with the bytes of `from` replaced wherever they stand. */
  const changed = (from: string, to: string): ByteSource => {
    const text = fixture("gguf/tiny.gguf").toString("latin1");
    expect(text).toContain(from);
    expect(to.length).toBe(from.length);
    return fromBytes(new Uint8Array(Buffer.from(text.replace(from, to), "latin1")));
  };
  test("tensors without a place", async () => {
    await expect(openGguf(changed("blk.1.ffn_down.weight", "blk.1.ffn_dawn.weight"))).rejects.toMatchObject({
      code: "model/unsupported",
      message: expect.stringContaining("blk.1.ffn_dawn.weight"),
    });
  });

  test("missing tensors", async () => {
    await expect(openGguf(changed("block_count\x04\0\0\0\x02", "block_count\x04\0\0\0\x03"))).rejects.toMatchObject({
      code: "model/bad-shape",
      message: expect.stringContaining("model.layers.2.self_attn.q_proj.weight is missing"),
    });
  });

  test("tensors of another shape", async () => {
    const length = "feed_forward_length\x04\0\0\0";
    await expect(openGguf(changed(`${length}\x60`, `${length}\x40`))).rejects.toMatchObject({
      code: "model/bad-shape",
      message: expect.stringContaining("[96, 64], the config says [64, 64]"),
    });
  });

  test("formats that have no kernel", async () => {
    const file = new Uint8Array(fixture("gguf/tiny.gguf"));
    const name = Buffer.from("blk.0.attn_q.weight");
    // Behind the name: the count of dimensions, two sizes, the type (Q4_0 → IQ4_NL, whose blocks are as large).
    file[Buffer.from(file).indexOf(name) + name.length + 4 + 16] = 20;
    await expect(openGguf(fromBytes(file))).rejects.toMatchObject({
      code: "model/unsupported",
      message: expect.stringContaining("blk.0.attn_q.weight in the format IQ4_NL"),
    });
  });
});
