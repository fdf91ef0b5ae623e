/**
 * An objective says what a step minimises: it appends the forward to a trace and leaves on the tape what the gradient
 * needs. It sees the packed token axis; which tokens teach, and how much, is in the batch.
 */
import type { Bucket } from "@/data/pack";
import { external, type Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { type Decoder, decode, finalNorm, type RowInputs, rowInputs } from "@/model/decoder";
import { lossHead } from "@/ops/cross-entropy";
import { gather } from "@/ops/gather";

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

export type Objective = (g: Graph, decoder: Decoder, batch: BatchSymbols) => void;
export type Method = "sft";

/** Supervised fine-tuning: mean of -log p(token) over labelled tokens; the mean's divisor is `loss_scale`. */
export const sft: Objective = (g, decoder, batch) => {
  const hidden = decode(g, decoder, batch); // [T, C]
  const { y } = gather(g, { x: hidden, rows: batch.labelRows, slots: batch.labelSlots }, null); // [L, C]
  const x = finalNorm(g, decoder, y);
  lossHead(g, { ...batch, x, w: decoder.weights.head, weights: batch.rowWeights, step: decoder.step });
};

export const OBJECTIVES: Readonly<Record<Method, Objective>> = { sft };
