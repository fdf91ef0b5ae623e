/**
 * Gemma 3 (text): five of six layers see a window and turn by a rope of their own, norms stand on both sides of
 * attention and feed-forward, their weights are stored as w - 1, and the embedding is scaled by √hidden, rounded as
 * the stored type would round it.
 */
import * as z from "zod/mini";
import type { Architecture } from "@/model/architecture";
import {
  BaseConfig,
  layerKinds,
  layerTypesFault,
  llamaLike,
  parseConfig,
  size,
  tensorNames,
  WindowConfig,
} from "@/model/config";
import { type RopeConfig, type RopeSettings, ropeFault, ropeFrequencies, ropeSettings } from "@/model/rope-config";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "@/util/bytes";

const cap = z.nullish(z.number());
const record = z.nullish(z.looseObject({}));
const GemmaConfig = z.extend(BaseConfig, {
  ...WindowConfig,
  head_dim: z._default(size, 256),
  max_position_embeddings: z._default(size, 131_072),
  tie_word_embeddings: z._default(z.boolean(), true),
  eos_token_id: z._default(z.nullable(z.union([z.int(), z.array(z.int())])), 1),
  hidden_activation: z._default(z.string(), "gelu_pytorch_tanh"),
  query_pre_attn_scalar: z._default(z.number().check(z.positive()), 256),
  sliding_window: z._default(size, 4096),
  sliding_window_pattern: z._default(size, 6),
  rope_local_base_freq: z.nullish(z.number()),
  rope_parameters: z.nullish(z.looseObject({ full_attention: record, sliding_attention: record })),
  use_bidirectional_attention: z.nullish(z.boolean()),
  attn_logit_softcapping: cap,
  final_logit_softcapping: cap,
  dtype: z.nullish(z.string()),
  torch_dtype: z.nullish(z.string()),
});
type Gemma = z.infer<typeof GemmaConfig>;

export function gemma3(config: unknown): Architecture {
  const gemma = parseConfig(GemmaConfig, config);
  const layers = gemma.num_hidden_layers;
  const slides = (layer: number) => (layer + 1) % gemma.sliding_window_pattern !== 0;
  const types =
    gemma.layer_types ?? Array.from({ length: layers }, (_, i) => (slides(i) ? "sliding_attention" : "full_attention"));
  const { global, local } = ropes(gemma);
  const plain = { ...gemma, hidden_act: gemma.hidden_activation, rope_scaling: null, rope_parameters: null };
  const base = llamaLike(plain, [
    isSet(gemma.attn_logit_softcapping) && "soft-capped attention scores",
    isSet(gemma.final_logit_softcapping) && "soft-capped logits",
    gemma.use_bidirectional_attention && "attention in both directions",
    layerTypesFault(types, layers),
    ropeFault(global),
    ropeFault(local),
  ]);
  const { hidden, headDim } = base;
  return {
    ...base,
    kinds: layerKinds(types, gemma.sliding_window, (isLocal) => (isLocal ? "local" : "global")),
    ropes: { global: ropeFrequencies(headDim, global), local: ropeFrequencies(headDim, local) },
    norms: { attention: hidden, attentionOut: hidden, ffn: hidden, ffnOut: hidden, query: headDim, key: headDim },
    normOffset: 1,
    attentionScale: 1 / Math.sqrt(gemma.query_pre_attn_scalar),
    embeddingScale: roundTo(gemma.dtype ?? gemma.torch_dtype, Math.sqrt(hidden)),
    names: tensorNames({
      attention: "input_layernorm",
      attentionOut: "post_attention_layernorm",
      ffn: "pre_feedforward_layernorm",
      ffnOut: "post_feedforward_layernorm",
    }),
  };
}

/** Scaling, where there is any, is of the global rope alone in configs of old. */
function ropes({ max_position_embeddings, rope_parameters, ...old }: Gemma): {
  global: RopeSettings;
  local: RopeSettings;
} {
  const settings = (own: RopeConfig["rope_parameters"], base: number | null | undefined, usual: number) =>
    ropeSettings({ max_position_embeddings, rope_parameters: own, rope_theta: base }, usual);
  return {
    global: settings({ ...rope_parameters?.full_attention, ...old.rope_scaling }, old.rope_theta, 1_000_000),
    local: settings(rope_parameters?.sliding_attention, old.rope_local_base_freq, 10_000),
  };
}

const isSet = (value: unknown) => value !== null && value !== undefined;

function roundTo(dtype: string | null | undefined, value: number): number {
  const one = Float32Array.of(value);
  const rounded =
    dtype === "bfloat16" ? bf16ToF32(f32ToBf16(one)) : dtype === "float16" ? f16ToF32(f32ToF16(one)) : one;
  return rounded[0] ?? value;
}
