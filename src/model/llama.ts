/**
 * Llama and its kin (SmolLM2 among them): `config.json` of Hugging Face → Architecture. Values that the decoder cannot
 * honour are refused by name, because a model that half works gives wrong numbers in silence.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Architecture, TensorNames } from "@/model/architecture";
import type { Projection } from "@/train/recipe";

const size = z.int().check(z.minimum(1), z.maximum(1_000_000));

const LlamaConfig = z.looseObject({
  architectures: z.optional(z.array(z.string())),
  model_type: z.optional(z.string()),
  hidden_size: size,
  num_hidden_layers: size,
  num_attention_heads: size,
  num_key_value_heads: z.nullish(size),
  head_dim: z.nullish(size),
  intermediate_size: size,
  vocab_size: size,
  max_position_embeddings: z._default(size, 2048),
  rms_norm_eps: z._default(z.number(), 1e-6),
  tie_word_embeddings: z._default(z.boolean(), false),
  rope_theta: z.optional(z.number()),
  rope_scaling: z.nullish(z.looseObject({})),
  // transformers 5 writes rope_parameters in place of the two above.
  rope_parameters: z.nullish(z.looseObject({ rope_theta: z.optional(z.number()), rope_type: z.optional(z.string()) })),
  eos_token_id: z.nullish(z.union([z.int(), z.array(z.int())])),
  hidden_act: z._default(z.string(), "silu"),
  attention_bias: z._default(z.boolean(), false),
  mlp_bias: z._default(z.boolean(), false),
});

/** Throws AppError "model/bad-config" for a config that does not fit, "model/unsupported" for what we cannot run. */
export function architectureOf(config: unknown): Architecture {
  const family = z.safeParse(z.looseObject({ model_type: z.string() }), config);
  if (!family.success || family.data.model_type !== "llama") {
    const found = family.success ? `"${family.data.model_type}"` : "none";
    throw new AppError("model/unsupported", `The model type is ${found}; Burnish runs "llama".`, {
      hint: "Choose a model whose config.json says model_type llama, such as SmolLM2 or Llama 3.2.",
    });
  }
  const parsed = z.safeParse(LlamaConfig, config);
  if (!parsed.success) {
    const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
    throw new AppError("model/bad-config", `config.json does not fit a Llama model: ${faults}.`, {
      hint: "Take the config.json that belongs to these weights.",
    });
  }
  const llama = parsed.data;
  refuse(llama);
  const headDim = llama.head_dim ?? llama.hidden_size / llama.num_attention_heads;
  const eos = llama.eos_token_id ?? [];
  return {
    family: llama.architectures?.[0] ?? "LlamaForCausalLM",
    hidden: llama.hidden_size,
    layers: llama.num_hidden_layers,
    heads: llama.num_attention_heads,
    kvHeads: llama.num_key_value_heads ?? llama.num_attention_heads,
    headDim,
    ffn: llama.intermediate_size,
    vocab: llama.vocab_size,
    contextLength: llama.max_position_embeddings,
    normEps: llama.rms_norm_eps,
    tied: llama.tie_word_embeddings,
    ropeFrequencies: frequencies(headDim, llama.rope_parameters?.rope_theta ?? llama.rope_theta ?? 10_000),
    attentionScale: 1 / Math.sqrt(headDim),
    embeddingScale: 1,
    eosIds: Array.isArray(eos) ? eos : [eos],
    names: LLAMA_NAMES,
  };
}

function refuse(llama: z.infer<typeof LlamaConfig>): void {
  const headDim = llama.head_dim ?? llama.hidden_size / llama.num_attention_heads;
  const kvHeads = llama.num_key_value_heads ?? llama.num_attention_heads;
  const scaling = llama.rope_parameters?.rope_type ?? (llama.rope_scaling ? "scaled" : "default");
  const faults = [
    llama.hidden_act !== "silu" && `activation ${llama.hidden_act}`,
    (llama.attention_bias || llama.mlp_bias) && "biases in its projections",
    scaling !== "default" && `rope scaling "${scaling}"`,
    headDim % 4 !== 0 && `a head size of ${headDim}, which 4 does not divide`,
    llama.hidden_size % 4 !== 0 && `a hidden size of ${llama.hidden_size}, which 4 does not divide`,
    llama.intermediate_size % 4 !== 0 && `a feed-forward size of ${llama.intermediate_size}, which 4 does not divide`,
    llama.num_attention_heads % kvHeads !== 0 && `${llama.num_attention_heads} heads over ${kvHeads} key/value heads`,
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  throw new AppError("model/unsupported", `This model has ${faults.join(" and ")}.`, {
    hint: "Choose a plain Llama-type model, such as SmolLM2-135M-Instruct.",
  });
}

/** theta^(-2i / D) for i in 0 … D/2 - 1 */
function frequencies(headDim: number, theta: number): number[] {
  return Array.from({ length: headDim / 2 }, (_, i) => theta ** ((-2 * i) / headDim));
}

const MODULE: Record<Projection, string> = {
  q_proj: "self_attn",
  k_proj: "self_attn",
  v_proj: "self_attn",
  o_proj: "self_attn",
  gate_proj: "mlp",
  up_proj: "mlp",
  down_proj: "mlp",
};

const LLAMA_NAMES: TensorNames = {
  embedding: "model.embed_tokens.weight",
  finalNorm: "model.norm.weight",
  head: "lm_head.weight",
  attentionNorm: (layer) => `model.layers.${layer}.input_layernorm.weight`,
  ffnNorm: (layer) => `model.layers.${layer}.post_attention_layernorm.weight`,
  projection: (layer, projection) => `model.layers.${layer}.${MODULE[projection]}.${projection}.weight`,
};
