/** The models that a bench builds from their config alone, with random weights: speed does not depend on the values. */
import { type Architecture, expectedTensors, parameterCount } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { PROJECTIONS } from "@/train/recipe";

const llama = {
  architectures: ["LlamaForCausalLM"],
  model_type: "llama",
  rms_norm_eps: 1e-5,
  tie_word_embeddings: true,
};

const CONFIGS = {
  ember: {
    ...llama,
    ...{ hidden_size: 128, num_hidden_layers: 5, num_attention_heads: 4, num_key_value_heads: 2, head_dim: 32 },
    ...{ intermediate_size: 384, vocab_size: 2048, max_position_embeddings: 512, rope_theta: 10_000 },
  },
  "smollm2-135m": {
    ...llama,
    ...{ hidden_size: 576, num_hidden_layers: 30, num_attention_heads: 9, num_key_value_heads: 3, head_dim: 64 },
    ...{ intermediate_size: 1536, vocab_size: 49_152, max_position_embeddings: 8192, rope_theta: 100_000 },
  },
  // Two of the 135M's blocks: what software GPUs can be measured with in minutes.
  "smollm2-blocks": {
    ...llama,
    ...{ hidden_size: 576, num_hidden_layers: 2, num_attention_heads: 9, num_key_value_heads: 3, head_dim: 64 },
    ...{ intermediate_size: 1536, vocab_size: 4096, max_position_embeddings: 8192, rope_theta: 100_000 },
  },
  "qwen3-0.6b": {
    ...{ architectures: ["Qwen3ForCausalLM"], model_type: "qwen3", rms_norm_eps: 1e-6, tie_word_embeddings: true },
    ...{ hidden_size: 1024, num_hidden_layers: 28, num_attention_heads: 16, num_key_value_heads: 8, head_dim: 128 },
    ...{ intermediate_size: 3072, vocab_size: 151_936, max_position_embeddings: 40_960, rope_theta: 1_000_000 },
  },
} as const;

export type ShapeName = keyof typeof CONFIGS;

export interface Shape {
  readonly name: ShapeName;
  readonly label: string;
  readonly arch: Architecture;
  readonly parameters: number;
}

const LABELS: Readonly<Record<ShapeName, string>> = {
  ember: "Ember (bundled)",
  "smollm2-135m": "SmolLM2-135M shape",
  "smollm2-blocks": "Two SmolLM2-135M blocks",
  "qwen3-0.6b": "Qwen3-0.6B shape",
};

function shape(name: ShapeName): Shape {
  const arch = architectureOf(CONFIGS[name]);
  return { name, label: LABELS[name], arch, parameters: parameterCount(expectedTensors(arch, PROJECTIONS)) };
}

export const SHAPES: Readonly<Record<ShapeName, Shape>> = {
  ember: shape("ember"),
  "smollm2-135m": shape("smollm2-135m"),
  "smollm2-blocks": shape("smollm2-blocks"),
  "qwen3-0.6b": shape("qwen3-0.6b"),
};
