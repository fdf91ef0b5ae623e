/**
 * What can differ between decoders, as plain data. One decoder reads it; a family only translates its `config.json`
 * into this record and says how its tensors are called.
 */
import type { Activation } from "@/ops/swiglu";
import type { Projection } from "@/train/recipe";

/** Norms inside a block: before and behind each half, and of queries and keys before they turn. */
export type LayerNorm = "attention" | "attentionOut" | "ffn" | "ffnOut" | "query" | "key";

/** What differs from layer to layer. */
export interface LayerKind {
  /** Which of `ropes` turns queries and keys; null leaves them as they are. */
  readonly rope: string | null;
  /** How many keys a row sees, itself included; null sees its whole sequence. */
  readonly window: number | null;
}

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
  /** One per layer. */
  readonly kinds: readonly LayerKind[];
  /** Radians per position for each of headDim / 2 pairs. */
  readonly ropes: Readonly<Record<string, readonly number[]>>;
  /** The norms that a block has, and their width; a width below the row's norms each stretch of it (each head). */
  readonly norms: Readonly<Partial<Record<LayerNorm, number>>>;
  /** Projections that add a bias. */
  readonly biases: readonly Projection[];
  /** Of the gate. */
  readonly activation: Activation;
  /** Of attention scores. */
  readonly attentionScale: number;
  /** Multiplies the embedding; 1 in Llama. */
  readonly embeddingScale: number;
  /** Added to every norm's weight as it is read: files of Gemma hold w - 1. */
  readonly normOffset: number;
  readonly eosIds: readonly number[];
  /** Tensor names in the model's files. */
  readonly names: TensorNames;
}

export interface TensorNames {
  readonly embedding: string;
  readonly finalNorm: string;
  readonly head: string;
  readonly norm: (layer: number, which: LayerNorm) => string;
  readonly projection: (layer: number, projection: Projection) => string;
  readonly bias: (layer: number, projection: Projection) => string;
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

/** Every norm's weight: name → shape. */
export function normTensors(arch: Architecture): Map<string, readonly number[]> {
  const found = new Map<string, readonly number[]>([[arch.names.finalNorm, [arch.hidden]]]);
  for (let layer = 0; layer < arch.layers; layer++) {
    for (const [which, width] of Object.entries(arch.norms)) {
      found.set(arch.names.norm(layer, which as LayerNorm), [width]);
    }
  }
  return found;
}

/** Every tensor a model must have: name → shape. Norms and biases are vectors, all else matrices. */
export function expectedTensors(
  arch: Architecture,
  projections: readonly Projection[],
): Map<string, readonly number[]> {
  const { names, hidden, vocab } = arch;
  const expected = new Map<string, readonly number[]>([[names.embedding, [vocab, hidden]], ...normTensors(arch)]);
  if (!arch.tied) expected.set(names.head, [vocab, hidden]);
  for (let layer = 0; layer < arch.layers; layer++) {
    for (const projection of projections) {
      const [outputs, inputs] = projectionShape(arch, projection);
      expected.set(names.projection(layer, projection), [outputs, inputs]);
      if (arch.biases.includes(projection)) expected.set(names.bias(layer, projection), [outputs]);
    }
  }
  return expected;
}

export function parameterCount(expected: ReadonlyMap<string, readonly number[]>): number {
  return [...expected.values()].reduce((sum, shape) => sum + shape.reduce((a, b) => a * b, 1), 0);
}
