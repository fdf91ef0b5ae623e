/**
 * What can differ between decoders, as plain data. One decoder reads it; a family only translates its `config.json`
 * into this record and says how its tensors are called.
 */
import type { Projection } from "@/train/recipe";

export interface Architecture {
  /** For people: "LlamaForCausalLM". */
  readonly family: string;
  readonly hidden: number;
  readonly layers: number;
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly ffn: number;
  readonly vocab: number;
  readonly contextLength: number;
  readonly normEps: number;
  /** The head shares the embedding table. */
  readonly tied: boolean;
  /** Radians per position for each of headDim / 2 pairs. */
  readonly ropeFrequencies: readonly number[];
  /** Of attention scores. */
  readonly attentionScale: number;
  /** Multiplies the embedding; 1 in Llama. */
  readonly embeddingScale: number;
  readonly eosIds: readonly number[];
  /** Tensor names in the model's files. */
  readonly names: TensorNames;
}

export interface TensorNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  readonly attentionNorm: (layer: number) => string;
  readonly ffnNorm: (layer: number) => string;
  readonly projection: (layer: number, projection: Projection) => string;
}

/** [out, in] of a projection's weight. */
export function projectionShape(arch: Architecture, projection: Projection): readonly [number, number] {
  const { hidden, ffn } = arch;
  const query = arch.heads * arch.headDim;
  const kv = arch.kvHeads * arch.headDim;
  const shapes: Record<Projection, readonly [number, number]> = {
    q_proj: [query, hidden],
    k_proj: [kv, hidden],
    v_proj: [kv, hidden],
    o_proj: [hidden, query],
    gate_proj: [ffn, hidden],
    up_proj: [ffn, hidden],
    down_proj: [hidden, ffn],
  };
  return shapes[projection];
}

/** Every tensor a model must have: name → shape. Norms are vectors, all else matrices. */
export function expectedTensors(
  arch: Architecture,
  projections: readonly Projection[],
): Map<string, readonly number[]> {
  const { names, hidden, vocab } = arch;
  const expected = new Map<string, readonly number[]>([
    [names.embedding, [vocab, hidden]],
    [names.finalNorm, [hidden]],
  ]);
  if (!arch.tied) expected.set(names.head, [vocab, hidden]);
  for (let layer = 0; layer < arch.layers; layer++) {
    expected.set(names.attentionNorm(layer), [hidden]);
    expected.set(names.ffnNorm(layer), [hidden]);
    for (const projection of projections) {
      expected.set(names.projection(layer, projection), projectionShape(arch, projection));
    }
  }
  return expected;
}

export function parameterCount(expected: ReadonlyMap<string, readonly number[]>): number {
  return [...expected.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
