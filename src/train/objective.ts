/**
 * An objective is a function of log-probabilities: it gets those of every labelled token and says the loss and its
 * slope by each of them. That is all the device needs, since d loss = Σ slope · d logp is the gradient of a weighted
 * NLL. So every objective shares one traced forward, one loss head and one backward, and its formula is plain
 * TypeScript that a test can differentiate.
 */
import type { Encoded } from "@/data/encode";
import type { Bucket } from "@/data/pack";
import { external, type Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { type Decoder, decode, finalNorm, type RowInputs, rowInputs } from "@/model/decoder";
import { lossHead } from "@/ops/cross-entropy";
import { gather } from "@/ops/gather";

/** One sequence, with the log-probs of its labelled tokens under the model that learns and under the one it started from. */
export interface Scored<S extends Encoded> {
  readonly sequence: S;
  readonly logp: Float32Array;
  /** Empty for objectives that ask for no reference. */
  readonly reference: Float32Array;
}

/** What a mean divides by: counts of the whole optimizer step, all of its micro-batches together. */
export interface Share {
  readonly sequences: number;
  readonly labels: number;
}

export type Scalars = Readonly<Record<string, number>>;

export interface Judgement {
  /** The micro-batch's share of the step's loss. */
  readonly loss: number;
  /** ∂ loss / ∂ logp of each labelled token, by sequence. */
  readonly slopes: readonly ArrayLike<number>[];
  /** For charts, under TRL's names; means over the micro-batch. */
  readonly scalars: Scalars;
}

/** How the loss head of an objective is traced. */
export interface Head {
  readonly temperature: number;
  /** The slope depends on the log-probs, so the program pauses between them and the backward. */
  readonly staged: boolean;
}

export const PLAIN_HEAD: Head = { temperature: 1, staged: false };

export interface Objective<S extends Encoded = Encoded> {
  readonly head: Head;
  /** Whether it compares with the model that the run started from. */
  readonly reference: boolean;
  /** Pure, but for what an objective remembers of a sequence. Without `staged`, the slope is asked for with logp = 0. */
  judge(scored: readonly Scored<S>[], share: Share): Judgement;
}

export interface BatchSymbols extends RowInputs {
  readonly labelRows: Tensor; // [L] u32, rows whose output predicts a labelled token
  readonly labelSlots: Tensor; // [T] u32, its inverse
  readonly targets: Tensor; // [L] u32
  readonly rowWeights: Tensor; // [L], 0 for padding
  readonly nll: Tensor; // [L], written
}

/** One traced program per bucket: T tokens and L labelled rows, both as padded. */
export function batchSymbols({ tokens, labels }: Bucket): BatchSymbols {
  return {
    ...rowInputs(tokens),
    labelRows: external("labelRows", [labels], "u32"),
    labelSlots: external("labelSlots", [tokens], "u32"),
    targets: external("targets", [labels], "u32"),
    rowWeights: external("rowWeights", [labels]),
    nll: external("nll", [labels]),
  };
}

/** The forward of every objective: -log p of each labelled token, weighted by `rowWeights` in the backward. */
export function traceLoss(g: Graph, decoder: Decoder, batch: BatchSymbols, head: Head): void {
  const hidden = decode(g, decoder, batch); // [T, C]
  const { y } = gather(g, { x: hidden, rows: batch.labelRows, slots: batch.labelSlots }, null); // [L, C]
  const x = finalNorm(g, decoder, y);
  lossHead(g, { ...batch, x, w: decoder.weights.head, weights: batch.rowWeights, step: decoder.step }, head);
}
