/**
 * The programs of a run, traced on first use and kept by bucket: a training step (forward and backward), a loss pass
 * (forward only) and the optimizer. Tracing needs no device, so a run's memory is known before it starts.
 */
import type { Bucket } from "@/data/pack";
import { addGradient, backward, type Gradients } from "@/graph/backward";
import { createGraph, external, slice } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { STEP_BYTES } from "@/graph/step";
import type { Program } from "@/graph/target";
import { type AdapterLayout, adapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import { decoderOf } from "@/model/runtime";
import type { ModelTensors } from "@/model/weights";
import { adamw } from "@/ops/adamw";
import { globalNorm } from "@/ops/norm";
import { batchSymbols, type Head, traceLoss } from "@/train/objective";

export interface Traced {
  readonly arch: Architecture;
  readonly tensors: ModelTensors;
  readonly layout: AdapterLayout;
  readonly head: Head;
  /** See `Decoder`. */
  readonly keepActivations?: boolean;
}

/** Forward, and with `trained` also the backward, which adds into the adapter's gradient. */
export function tracePass(traced: Traced, bucket: Bucket, trained: boolean): Program {
  const { arch, tensors, layout, head, keepActivations = false } = traced;
  const g = createGraph(`${trained ? "step" : "loss"} ${bucket.tokens}/${bucket.labels}`);
  const decoder = { ...decoderOf(arch, tensors, adapterPairs(layout, trained)), keepActivations };
  const batch = batchSymbols(bucket);
  traceLoss(g, decoder, batch, head);
  if (trained) {
    const gradients: Gradients = new Map();
    // The loss head folds the seed of the backward into its own gradient; its key on the tape is the nll.
    addGradient(g, gradients, { ...batch.nll, needsGrad: true }, batch.nll);
    backward(g, g.tape, gradients);
  }
  return compileGraph(g);
}

/** With a `ratio` the second part of the buffer, every B, learns at so many times the rate (LoRA+, Hayou et al. 2024). */
export function traceOptimizer({ length, firstB }: AdapterLayout, ratio = 1): Program {
  const g = createGraph("optimizer");
  const flat = (name: string) => external(name, [length]);
  const norm = external("norm", [1]);
  const grad = flat("adapter.grad");
  globalNorm(g, grad, norm);
  const step = external("step", [STEP_BYTES / 4]);
  const all = { param: flat("adapter"), grad, m: flat("adapter.m"), v: flat("adapter.v") };
  const part = (from: number, to: number) =>
    Object.fromEntries(
      Object.entries(all).map(([name, tensor]) => [name, slice(tensor, from * 4, [to - from])]),
    ) as typeof all;
  if (ratio === 1) {
    adamw(g, { ...all, norm, step });
  } else {
    adamw(g, { ...part(0, firstB), norm, step });
    adamw(g, { ...part(firstB, length), norm, step }, ratio);
  }
  return compileGraph(g);
}
