/**
 * Bytes on one GPU while a run trains (docs/jobs.md has the formula with its sources). S GPUs share what is sharded:
 *
 *   weights      full 4P/S · LoRA 2P/S · QLoRA (0.516 B + 4 (P - B))/S         B in the blocks, the rest stays wide
 *   gradients    4 A/S            A: what learns (adapter, or all P)
 *   optimizer    8 A/S
 *   activations  T (2 C L + block) with checkpointing, T L block without; block = bytes a token leaves in one block
 *   gathered     S > 1: two blocks and the table, whole
 *   head         T' V 14          T' labelled rows whose logits exist at once
 *   cache        GRPO: sequences · length · 2 · L · KV · 2
 *   context      CUDA, cuBLAS and, on several GPUs, NCCL
 *   fragments    an eighth of what comes and goes
 */
import type { ModelFacts } from "./facts";

export type Weights = "lora" | "qlora" | "full";

export interface Load {
  readonly weights: Weights;
  readonly method: "sft" | "dpo" | "grpo";
  /** Sequences on one GPU at a time, a pair counted as two, and the longest one's tokens. */
  readonly sequences: number;
  readonly length: number;
  /** Sequences that answer at once, and their tokens with the prompt: 0 where nothing is sampled. */
  readonly sampled: number;
  readonly sampledLength: number;
  readonly checkpointing: boolean;
  /** GPUs among which weights, gradients and moments are split; 1: each holds all. */
  readonly shards: number;
  /** GPUs that work together, sharded or not. */
  readonly gpus: number;
  /** Whole logits: of losses that TRL does not compute from its fused head. */
  readonly wholeLogits: boolean;
}

export interface MemoryLine {
  readonly name: string;
  readonly bytes: number;
}

/** NF4 in blocks of 64 with double quantised scales: 4 bits + 8/64 + 32/(64·256) a weight. */
const NF4_BYTES = 0.5 + 1 / 64 + 4 / (64 * 256);
/** 16-bit logits, 32-bit copy, its gradient, the gradient in 16 bits, and a row of log-sums. */
const LOGIT_BYTES = 14;
/** Rows of TRL's fused head at once. */
const HEAD_ROWS = 2048;
const CONTEXT = 1.4e9;
const NCCL = 1.2e9;
const FRAGMENTS = 0.125;

export function memoryOf(model: ModelFacts, load: Load): { readonly lines: MemoryLine[]; readonly total: number } {
  const { parameters: all, blockParameters: blocks, layers, hidden } = model;
  const { weights, shards, sequences, length } = load;
  const learning = weights === "full" ? all : model.adapterParameters;
  const tokens = sequences * length;
  const block = blockBytes(model, weights);
  const passing = load.checkpointing ? tokens * (2 * hidden * layers + 2 * block) : tokens * (layers + 1) * block;
  const rows = load.wholeLogits ? tokens : Math.min(tokens, HEAD_ROWS);
  const head = rows * model.vocab * LOGIT_BYTES;
  const cache = load.sampled * load.sampledLength * 2 * layers * model.kvWidth * 2;
  const lastLogits = load.sampled * model.vocab * 12;
  const sampling = cache + lastLogits + load.sampled * 4 * (hidden + model.ffn) * 2;
  const table = model.vocab * hidden * (model.tied ? 1 : 2);
  // A packed block is unpacked to 16 bits one matrix at a time.
  const unpacked = weights === "qlora" ? 2 * hidden * Math.max(model.ffn, model.queryWidth) : 0;
  const wide = weights === "full" ? 4 : 2;
  const gathered = shards > 1 ? wide * (2 * (weights === "qlora" ? 0.52 : 1) * (blocks / layers) + table) : 0;
  const transient = Math.max(passing + head, sampling) + gathered + unpacked;
  const lines = [
    { name: "weights", bytes: weightBytes(model, weights) / shards },
    {
      name: weights === "full" ? "gradients" : "adapter and gradients",
      bytes: ((weights === "full" ? 4 : 8) * learning) / shards,
    },
    { name: "optimizer", bytes: (8 * learning) / shards },
    { name: load.checkpointing ? "activations, checkpointed" : "activations", bytes: passing },
    { name: "logits", bytes: head },
    { name: "sampling", bytes: Math.max(0, sampling - passing - head) },
    { name: "gathered and unpacked", bytes: gathered + unpacked },
    { name: "CUDA context", bytes: CONTEXT + (load.gpus > 1 ? NCCL : 0) },
    { name: "fragments", bytes: FRAGMENTS * transient },
  ];
  return { lines, total: lines.reduce((sum, { bytes }) => sum + bytes, 0) };
}

/** What autocast keeps of full weights in 16 bits comes on top of the 32-bit ones. */
function weightBytes({ parameters, blockParameters }: ModelFacts, weights: Weights): number {
  if (weights === "full") return 6 * parameters;
  if (weights === "lora") return 2 * parameters;
  return NF4_BYTES * blockParameters + 4 * (parameters - blockParameters);
}

/**
 * A token in one block: 16-bit inputs and outputs of the seven projections, the gated product, both norms in 32 bits, and
 * with LoRA a second output beside each projection's own.
 */
function blockBytes({ hidden, ffn, queryWidth, kvWidth }: ModelFacts, weights: Weights): number {
  const outputs = 2 * (2 * queryWidth + 2 * kvWidth + 3 * hidden + 2 * ffn);
  const between = 2 * (2 * queryWidth + 2 * hidden + 3 * ffn) + 4 * 3 * hidden;
  return outputs + between + (weights === "full" ? 0 : outputs);
}
