/**
 * GGUF metadata as the `config.json` that says the same, so that the families read both. An architecture is one entry:
 * its `model_type`, and the fields that only it has. Everything else is named alike in all of them.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Gguf } from "@/files/gguf";

/** Architectures whose q and k rows the converters reorder. */
export const INTERLEAVED: ReadonlySet<string> = new Set(["llama", "smollm3"]);

const count = z.int().check(z.positive(), z.maximum(10_000_000));
const real = z.number().check(z.positive());
/** Some architectures give one value per layer; all must be alike. */
const alike = z.refine<number[]>((values) => new Set(values).size === 1, "differs from layer to layer");
const uniform = z.pipe(
  z.union([count, z.array(count).check(z.minLength(1), alike)]),
  z.transform((value) => (typeof value === "number" ? value : value[0])),
);

const Fields = z.looseObject({
  block_count: count,
  context_length: count,
  embedding_length: count,
  feed_forward_length: uniform,
  "attention.head_count": uniform,
  "attention.head_count_kv": z.optional(uniform),
  "attention.layer_norm_rms_epsilon": real,
  "attention.key_length": z.optional(count),
  "attention.value_length": z.optional(count),
  "attention.sliding_window": z.optional(count),
  "rope.dimension_count": z.optional(count),
  "rope.freq_base": z._default(real, 10_000),
  "rope.freq_base_swa": z.optional(real),
  "rope.scaling.type": z._default(z.string(), "none"),
  "rope.scaling.factor": z.optional(z.number()),
  expert_count: z._default(z.number(), 0),
});
type Fields = z.infer<typeof Fields>;

interface Family {
  readonly modelType: string;
  readonly name: string;
  readonly refuse?: (fields: Fields) => string | false;
  readonly more?: (fields: Fields, headDim: number) => Record<string, unknown>;
}

const FAMILIES: Readonly<Record<string, Family>> = {
  llama: { modelType: "llama", name: "LlamaForCausalLM" },
  qwen2: { modelType: "qwen2", name: "Qwen2ForCausalLM" },
  qwen3: { modelType: "qwen3", name: "Qwen3ForCausalLM" },
  // Olmo 3 bears the same name in GGUF; it has a window.
  olmo2: {
    modelType: "olmo2",
    name: "Olmo2ForCausalLM",
    refuse: (fields) => fields["attention.sliding_window"] !== undefined && "a sliding window (OLMo 3)",
  },
  smollm3: { modelType: "smollm3", name: "SmolLM3ForCausalLM", more: () => ({ no_rope_layer_interval: 4 }) },
  gemma3: {
    modelType: "gemma3_text",
    name: "Gemma3ForCausalLM",
    more: (fields, headDim) => ({
      sliding_window: fields["attention.sliding_window"],
      rope_local_base_freq: fields["rope.freq_base_swa"] ?? 10_000,
      // As llama.cpp has it: only the 27B, of 62 layers, scales its scores by another size than the head's.
      query_pre_attn_scalar: fields.block_count === 62 ? fields.embedding_length / heads(fields) : headDim,
    }),
  },
};

const heads = (fields: Fields) => fields["attention.head_count"] ?? Number.NaN;

/** Throws "model/unsupported" or "model/bad-config". */
export function ggufConfig({ metadata, tensors }: Pick<Gguf, "metadata" | "tensors">): Record<string, unknown> {
  const name = String(metadata.get("general.architecture") ?? "none");
  const family = Object.hasOwn(FAMILIES, name) ? FAMILIES[name] : undefined;
  if (!family) {
    throw unsupported(
      `The GGUF file's architecture is ${name.slice(0, 40)}; Burnish runs ${Object.keys(FAMILIES).join(", ")}.`,
    );
  }
  const parts = metadata.get("split.count");
  if (typeof parts === "number" && parts > 1) {
    throw unsupported(`This GGUF file is one of ${parts} parts.`, "Join them first: llama-gguf-split --merge.");
  }
  const fields = parse(name, metadata);
  const headDim = fields["attention.key_length"] ?? fields.embedding_length / heads(fields);
  const valueDim = fields["attention.value_length"] ?? headDim;
  const fault = family.refuse?.(fields);
  if (fault) throw unsupported(`The model has ${fault}.`);
  if (fields.expert_count > 0) throw unsupported("The model is a mixture of experts.");
  if (valueDim !== headDim) throw unsupported(`The model's heads have ${headDim} values, but ${valueDim} in v.`);
  const scaling = fields["rope.scaling.type"];
  return {
    model_type: family.modelType,
    architectures: [family.name],
    hidden_size: fields.embedding_length,
    num_hidden_layers: fields.block_count,
    num_attention_heads: heads(fields),
    num_key_value_heads: fields["attention.head_count_kv"] ?? heads(fields),
    head_dim: headDim,
    intermediate_size: fields.feed_forward_length,
    vocab_size: tensors.get("token_embd.weight")?.shape[0],
    max_position_embeddings: fields.context_length,
    rms_norm_eps: fields["attention.layer_norm_rms_epsilon"],
    tie_word_embeddings: !tensors.has("output.weight"),
    ...(INTERLEAVED.has(name) ? biases(tensors) : {}),
    partial_rotary_factor: (fields["rope.dimension_count"] ?? headDim) / headDim,
    rope_theta: fields["rope.freq_base"],
    ...(scaling === "none" ? {} : { rope_scaling: { rope_type: scaling, factor: fields["rope.scaling.factor"] } }),
    ...family.more?.(fields, headDim),
  };
}

/** Llama's kin may have them, and only their presence says so. */
function biases(tensors: Gguf["tensors"]): Record<string, boolean> {
  return { attention_bias: tensors.has("blk.0.attn_q.bias"), mlp_bias: tensors.has("blk.0.ffn_up.bias") };
}

function parse(name: string, metadata: Gguf["metadata"]): Fields {
  const prefix = `${name}.`;
  const own = [...metadata].filter(([key]) => key.startsWith(prefix));
  const parsed = z.safeParse(Fields, Object.fromEntries(own.map(([key, value]) => [key.slice(prefix.length), value])));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${prefix}${path.join(".")}: ${message}`).slice(0, 5);
  throw new AppError("model/bad-config", `The GGUF file's metadata does not fit: ${faults.join("; ")}.`, {
    hint: "Get the file again from its source, or from another one that you trust.",
  });
}

function unsupported(message: string, hint = "Choose another model, such as SmolLM2 or Qwen3."): AppError {
  return new AppError("model/unsupported", message, { hint });
}
