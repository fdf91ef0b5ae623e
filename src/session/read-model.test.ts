import { describe, expect, test } from "vitest";
import { modelTensors, weightSymbols } from "@/model/weights";
import { sketchModel } from "@/session/read-model";
import type { BaseDtype } from "@/worker/api/model";

const config = {
  model_type: "qwen3",
  hidden_size: 1024,
  num_hidden_layers: 28,
  num_attention_heads: 16,
  num_key_value_heads: 8,
  head_dim: 128,
  intermediate_size: 3072,
  vocab_size: 151_936,
  max_position_embeddings: 40_960,
  tie_word_embeddings: true,
  rope_theta: 1e6,
};
const files = [{ name: "config.json", blob: new Blob([JSON.stringify(config)]) }];
const MB = 2 ** 20;

test.each(["auto", "f32", "f16", "int8"] as const)(
  "Qwen3-0.6B as %s within WebGPU's default bindings of 128 MB",
  async (dtype) => {
    const limits = { maxBufferBytes: 256 * MB, maxBindingBytes: 128 * MB, memoryBudget: 4096 * MB };
    const { arch, formats } = await sketchModel({ name: "qwen3", files }, dtype, limits);
    const symbols = weightSymbols(modelTensors(arch, formats));
    expect(Math.max(...symbols.map(({ storage }) => storage.bytes))).toBeLessThanOrEqual(128 * MB);
    const kept = new Set(
      symbols.filter(({ shape }) => shape.length === 2 && shape[0] !== 151_936).map(({ format }) => format),
    );
    expect([...kept]).toEqual([{ auto: "f16", f32: "f32", f16: "f16", int8: "q8_0" }[dtype]]);
  },
);

describe("a model whose config says bfloat16", () => {
  const brain = { ...config, torch_dtype: "bfloat16" };
  const given = { name: "qwen3", files: [{ name: "config.json", blob: new Blob([JSON.stringify(brain)]) }] };
  const formatsOf = async (dtype: BaseDtype, memoryBudget: number, maxBindingBytes = 4096 * MB) => {
    const { arch, formats } = await sketchModel(given, dtype, {
      maxBufferBytes: 4096 * MB,
      maxBindingBytes,
      memoryBudget,
    });
    const symbols = weightSymbols(modelTensors(arch, formats)).filter(({ shape }) => shape.length === 2);
    return [...new Set(symbols.map(({ format }) => format))];
  };

  test("is kept as its file has it, and narrower only where that does not fit", async () => {
    expect(await formatsOf("auto", 64_000 * MB)).toEqual(["bf16"]);
    expect(await formatsOf("auto", 2600 * MB)).toEqual(["bf16"]);
    expect(await formatsOf("auto", 1500 * MB)).toEqual(["q8_0"]);
    expect(await formatsOf("auto", 64_000 * MB, 128 * MB)).toEqual(["nf4", "bf16"]);
  });

  test("is kept otherwise where that is asked for; what does not fit a binding then is bf16, not f16", async () => {
    expect(await formatsOf("f32", 64_000 * MB)).toEqual(["f32"]);
    expect(await formatsOf("f16", 64_000 * MB)).toEqual(["f16"]);
    expect(await formatsOf("f32", 64_000 * MB, 400 * MB)).toEqual(["bf16", "f32"]);
    expect(await formatsOf("bf16", 64_000 * MB, 200 * MB)).toEqual(["q8_0", "bf16"]);
  });
});
