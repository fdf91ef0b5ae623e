/**
 * What every family's `config.json` shares, and the record that follows from it: a Llama. A family starts from this
 * and changes the fields in which it differs. Values that the decoder cannot honour are refused by name, all at once,
 * because a model that half works gives wrong numbers in silence. Defaults are those of transformers, which leaves
 * values that equal them out of the file.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Architecture, LayerKind, LayerNorm, TensorNames } from "@/model/architecture";
import { ropeFault, ropeFrequencies, ropeSettings } from "@/model/rope-config";
import type { Activation } from "@/ops/swiglu";
import type { Projection } from "@/train/recipe";

export const size = z.int().check(z.minimum(1), z.maximum(10_000_000));
const flag = z._default(z.boolean(), false);

export const BaseConfig = z.looseObject({
  architectures: z.nullish(z.array(z.string())),
  model_type: z.string(),
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: z.nullish(size),
  head_dim: z.nullish(size),
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: z._default(size, 2048),
  rms_norm_eps: z._default(z.number(), 1e-6),
  tie_word_embeddings: flag,
  hidden_act: z._default(z.string(), "silu"),
  attention_bias: flag,
  mlp_bias: flag,
  partial_rotary_factor: z.nullish(z.number()),
  rope_theta: z.nullish(z.number()),
  rope_scaling: z.nullish(z.looseObject({})),
  // transformers 5 writes rope_parameters in place of the two above.
  rope_parameters: z.nullish(z.looseObject({})),
  eos_token_id: z.nullish(z.union([z.int(), z.array(z.int())])),
});
export type Config = z.infer<typeof BaseConfig>;

/** Which layers see a window only. */
export const WindowConfig = {
  sliding_window: z.nullish(size),
  layer_types: z.nullish(z.array(z.string())),
};

/** A reason to refuse, or false. */
export type Fault = string | false | null | undefined;

/** Throws AppError "model/bad-config". */
export function parseConfig<Schema extends z.ZodMiniType>(schema: Schema, config: unknown): z.infer<Schema> {
  const parsed = z.safeParse(schema, config);
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
  throw new AppError("model/bad-config", `config.json does not fit its model type: ${faults}.`, {
    hint: "Take the config.json that belongs to these weights.",
  });
}

/** Collects all faults into one AppError "model/unsupported". */
export function refuse(faults: readonly Fault[]): void {
  const found = faults.filter((fault) => typeof fault === "string");
  if (found.length === 0) return;
  throw new AppError("model/unsupported", `This model has ${found.join(" and ")}.`, {
    hint: "Choose a model without it, such as SmolLM2-135M-Instruct or Qwen3-0.6B.",
  });
}

const ACTIVATIONS: Readonly<Record<string, Activation>> = {
  silu: "silu",
  swish: "silu",
  gelu_pytorch_tanh: "gelu_tanh",
};
const ATTENTION: readonly Projection[] = ["q_proj", "k_proj", "v_proj", "o_proj"];
const MLP: readonly Projection[] = ["gate_proj", "up_proj", "down_proj"];

/** The record of a Llama with these values. `faults` are the family's own reasons to refuse. */
export function llamaLike(config: Config, faults: readonly Fault[] = []): Architecture {
  const { hidden_size: hidden, num_attention_heads: heads, num_hidden_layers: layers, intermediate_size: ffn } = config;
  const kvHeads = config.num_key_value_heads ?? heads;
  const headDim = config.head_dim ?? hidden / heads;
  const activation = ACTIVATIONS[config.hidden_act];
  const rope = ropeSettings(config);
  refuse([
    ...faults,
    !activation && `activation ${config.hidden_act}`,
    ropeFault(rope),
    headDim % 4 !== 0 && `a head size of ${headDim}, which 4 does not divide`,
    hidden % 4 !== 0 && `a hidden size of ${hidden}, which 4 does not divide`,
    ffn % 4 !== 0 && `a feed-forward size of ${ffn}, which 4 does not divide`,
    heads % kvHeads !== 0 && `${heads} heads over ${kvHeads} key/value heads`,
  ]);
  const eos = config.eos_token_id ?? [];
  return {
    family: config.architectures?.[0] ?? config.model_type,
    hidden,
    layers,
    heads,
    kvHeads,
    headDim,
    ffn,
    vocab: config.vocab_size,
    contextLength: config.max_position_embeddings,
    normEps: config.rms_norm_eps,
    tied: config.tie_word_embeddings,
    kinds: Array.from({ length: layers }, () => ({ rope: "global", window: null })),
    ropes: { global: ropeFrequencies(headDim, rope) },
    norms: { attention: hidden, ffn: hidden },
    biases: [...(config.attention_bias ? ATTENTION : []), ...(config.mlp_bias ? MLP : [])],
    activation: activation ?? "silu",
    attentionScale: 1 / Math.sqrt(headDim),
    embeddingScale: 1,
    normOffset: 0,
    eosIds: Array.isArray(eos) ? eos : [eos],
    names: tensorNames({ attention: "input_layernorm", ffn: "post_attention_layernorm" }),
  };
}

/** Layers named sliding_attention see `window` keys; `rope` says what turns a layer by whether it slides. */
export function layerKinds(
  types: readonly string[],
  window: number | null | undefined,
  rope: (slides: boolean) => string,
): LayerKind[] {
  return types.map((type) => {
    const slides = type === "sliding_attention";
    return { rope: rope(slides), window: slides ? (window ?? null) : null };
  });
}

/** For `refuse`: kinds of layers that are neither, and lists of the wrong length. */
export function layerTypesFault(types: readonly string[], layers: number): Fault {
  const unknown = types.find((type) => type !== "sliding_attention" && type !== "full_attention");
  if (unknown !== undefined) return `layers of type ${unknown}`;
  return types.length !== layers && `${types.length} layer types for ${layers} layers`;
}

/** Hugging Face's names; `norms` says what a family calls its norms. Queries' and keys' are the same everywhere. */
export function tensorNames(norms: Readonly<Partial<Record<LayerNorm, string>>>): TensorNames {
  const module: Readonly<Partial<Record<LayerNorm, string>>> = {
    query: "self_attn.q_norm",
    key: "self_attn.k_norm",
    ...norms,
  };
  const path = (layer: number, projection: Projection) =>
    `model.layers.${layer}.${ATTENTION.includes(projection) ? "self_attn" : "mlp"}.${projection}`;
  return {
    embedding: "model.embed_tokens.weight",
    finalNorm: "model.norm.weight",
    head: "lm_head.weight",
    norm: (layer, which) => `model.layers.${layer}.${module[which]}.weight`,
    projection: (layer, projection) => `${path(layer, projection)}.weight`,
    bias: (layer, projection) => `${path(layer, projection)}.bias`,
  };
}
