import { expect, test } from "vitest";
import { AppError } from "@/errors";
import type { Architecture } from "@/model/architecture";
import { architectureOf, FAMILIES } from "@/model/families";

const config = (type: string, more: object = {}) => ({
  model_type: type,
  hidden_size: 32,
  num_hidden_layers: 6,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  head_dim: 8,
  intermediate_size: 48,
  vocab_size: 96,
  ...more,
});
const open = (type: string, more: object = {}) => architectureOf(config(type, more));

function refusal(body: () => unknown): AppError {
  try {
    body();
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
  throw new Error("nothing was refused");
}

const windows = ({ kinds }: Architecture) => kinds.map(({ window }) => window);

test("an unknown model type is told which ones are known", () => {
  for (const wrong of [{ model_type: "mamba" }, { model_type: "constructor" }, {}, null, "llama", []]) {
    const error = refusal(() => architectureOf(wrong));
    expect(error.code).toBe("model/unsupported");
    for (const family of Object.keys(FAMILIES)) expect(error.message).toContain(family);
  }
});

test("a config that lacks a size is not guessed at", () => {
  const error = refusal(() => open("qwen3", { hidden_size: undefined, vocab_size: -1 }));
  expect(error.code).toBe("model/bad-config");
  expect(error.message).toMatch(/hidden_size.*vocab_size/);
});

// From transformers' own _compute_llama3_parameters in float32: Llama 3.2 1B's settings with a head of 16.
test("Llama 3's rope keeps fast turns, slows slow ones and blends between", () => {
  const rope = { rope_type: "llama3", factor: 32, low_freq_factor: 1, high_freq_factor: 4 };
  const scaling = { ...rope, original_max_position_embeddings: 8192 };
  const expected = [1, 0.19392276, 0.037606031, 0.0072926651, 0.00042955671, 8.5702559e-6, 1.6619674e-6, 3.2229329e-7];
  for (const more of [
    { rope_theta: 500_000, rope_scaling: scaling },
    { rope_theta: 500_000, rope_scaling: { ...scaling, type: "llama3", rope_type: undefined } },
    { rope_parameters: { ...scaling, rope_theta: 500_000 } },
  ]) {
    const got = open("llama", { head_dim: 16, ...more }).ropes.global ?? [];
    expect(got.length).toBe(expected.length);
    got.forEach((frequency, i) => {
      expect(frequency / (expected[i] ?? Number.NaN)).toBeCloseTo(1, 5);
    });
  }
});

test.each([
  ["llama", { rope_scaling: { rope_type: "yarn", factor: 4 } }, /yarn/],
  ["qwen2", { rope_parameters: { full_attention: { rope_theta: 1 } } }, /by layer/],
  ["llama", { rope_scaling: { rope_type: "llama3", factor: 8 } }, /without its factors/],
  ["llama", { partial_rotary_factor: 0.5 }, /0.5 of each head/],
  ["llama", { hidden_act: "relu" }, /relu/],
  ["llama", { head_dim: 6 }, /head size of 6/],
  ["llama", { num_key_value_heads: 3 }, /4 heads over 3/],
  ["qwen3", { layer_types: Array(6).fill("linear_attention") }, /linear_attention/],
  ["qwen3", { layer_types: ["full_attention"] }, /1 layer types for 6/],
  ["smollm3", { use_sliding_window: true, no_rope_layers: [1] }, /sliding window and 1 entries/],
  ["gemma3_text", { attn_logit_softcapping: 50 }, /soft-capped attention/],
  ["gemma3_text", { final_logit_softcapping: 30 }, /soft-capped logits/],
  ["gemma3_text", { use_bidirectional_attention: true }, /both directions/],
  ["gemma3_text", { rope_scaling: { rope_type: "dynamic", factor: 2 } }, /dynamic/],
])("%s with %o is refused", (type, more, reason) => {
  const error = refusal(() => open(type, more));
  expect(error.code).toBe("model/unsupported");
  expect(error.message).toMatch(reason);
});

test("Qwen slides only where asked, on its upper layers", () => {
  const window = { sliding_window: 5, max_window_layers: 4 };
  expect(windows(open("qwen2", window))).toEqual(Array(6).fill(null));
  expect(windows(open("qwen2", { ...window, use_sliding_window: true }))).toEqual([null, null, null, null, 5, 5]);
});

test("Gemma's defaults, pattern and scale", () => {
  const gemma = open("gemma3_text");
  expect(windows(gemma)).toEqual([4096, 4096, 4096, 4096, 4096, null]);
  expect(gemma.kinds.map(({ rope }) => rope)).toEqual([...Array(5).fill("local"), "global"]);
  expect([gemma.tied, gemma.eosIds, gemma.attentionScale, gemma.normOffset]).toEqual([true, [1], 1 / 16, 1]);
  expect(gemma.ropes.global?.[1]).toBeCloseTo(1e6 ** -0.25);
  expect(gemma.ropes.local?.[1]).toBeCloseTo(1e4 ** -0.25);
  expect(windows(open("gemma3_text", { sliding_window_pattern: 2 }))).toEqual([4096, null, 4096, null, 4096, null]);
});

// What torch.tensor(640 ** 0.5).to(dtype) holds: Gemma 3 270M's width.
test.each([
  [undefined, 25.298221588],
  ["float32", 25.298221588],
  ["bfloat16", 25.25],
  ["float16", 25.296875],
])("Gemma's embedding scale in %s", (dtype, expected) => {
  const { embeddingScale } = open("gemma3_text", { hidden_size: 640, dtype });
  expect(embeddingScale).toBeCloseTo(expected, 6);
});

test("SmolLM3 leaves every fourth layer unturned, or those that its list marks 0", () => {
  const ropes = (more: object) => open("smollm3", more).kinds.map(({ rope }) => rope);
  expect(ropes({})).toEqual(["global", "global", "global", null, "global", "global"]);
  expect(ropes({ no_rope_layers: [0, 1, 0, 1, 1, 1] })).toEqual([null, "global", null, "global", "global", "global"]);
});

test("families differ where they say they do", () => {
  const llama = open("llama");
  expect(open("llama", { attention_bias: true, mlp_bias: true }).biases.length).toBe(7);
  expect(open("qwen2").biases).toEqual(["q_proj", "k_proj", "v_proj"]);
  expect(open("qwen3").norms).toEqual({ ...llama.norms, query: 8, key: 8 });
  expect(open("qwen3", { head_dim: undefined }).headDim).toBe(128);
  expect(open("olmo2").norms).toEqual({ query: 32, key: 16, attentionOut: 32, ffnOut: 32 });
});
