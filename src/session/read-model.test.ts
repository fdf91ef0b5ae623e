import { expect, test } from "vitest";
import { modelTensors, weightSymbols } from "@/model/weights";
import { sketchModel } from "@/session/read-model";

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
