/**
 * The programs of a run, traced on first use and kept by bucket: a training step (forward and backward), a loss pass
 * (forward only) and the optimizer. Tracing needs no device, so a run's memory is known before it starts.
 */
import type { Bucket } from "@/data/pack";
import { addGradient, backward, type Gradients } from "@/graph/backward";
import { createGraph, external, slice } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { STEP_BYTES } from "@/graph/step";
import type { Activations, Program, Tensor } from "@/graph/target";
import type { Architecture } from "@/model/architecture";
import { traceNorms } from "@/model/magnitudes";
import { decoderWith, type Trainable } from "@/model/trainable";
import { type ModelTensors, weightSymbols } from "@/model/weights";
import { globalNorm } from "@/ops/norm";
import { batchSymbols, type Head, traceLoss } from "@/train/objective";
import { OPTIMIZERS, PLAIN, sliceWords, stateWords, stretchesFor } from "@/train/optimizers";

export interface Traced {
  readonly arch: Architecture;
  readonly tensors: ModelTensors;
  /** Without one, the model as it was opened. */
  readonly layout: Trainable | undefined;
  readonly head: Head;
  /** By default f32. */
  readonly activations?: Activations | undefined;
  /** See `Decoder`. */
  readonly keepActivations?: boolean;
}

/** Forward, and with `trained` also the backward, which adds into the gradient of what is trained. */
export function tracePass(traced: Traced, bucket: Bucket, trained: boolean): Program {
  const { arch, tensors, layout, head, activations, keepActivations = false } = traced;
  const g = createGraph(`${trained ? "step" : "loss"} ${bucket.tokens}/${bucket.labels}`, activations);
  const decoder = { ...decoderWith(arch, tensors, layout, trained), keepActivations };
  traceNorms(g, arch, tensors, layout);
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

/** Programs of an architecture that are kept: those of a step, of a look at held-out rows, of the optimizer. */
const KEPT = 6;
const known = new WeakMap<Architecture, Map<string, Program>>();

/** A program as it was traced the last time, if that was not long ago: a forecast and the run that follows ask for the same. */
function recalled(arch: Architecture, key: string, trace: () => Program): Program {
  const programs = known.get(arch) ?? new Map<string, Program>();
  known.set(arch, programs);
  const program = programs.get(key) ?? trace();
  // The youngest stand at the end.
  programs.delete(key);
  programs.set(key, program);
  for (const oldest of [...programs.keys()].slice(0, -KEPT)) programs.delete(oldest);
  return program;
}

/** `tracePass`, once for equal shapes. */
export function passProgram(traced: Traced, bucket: Bucket, trained: boolean): Program {
  const { arch, tensors, layout = null, head, activations = "f32", keepActivations = false } = traced;
  const formats = weightSymbols(tensors).map(({ format }) => format);
  const key = JSON.stringify([bucket, trained, head, activations, keepActivations, formats, layout]);
  return recalled(arch, key, () => tracePass(traced, bucket, trained));
}

/** `traceOptimizer`, once for equal shapes. */
export function optimizerProgram(arch: Architecture, layout: Trainable, updating = PLAIN): Program {
  return recalled(arch, JSON.stringify([layout, updating]), () => traceOptimizer(layout, updating));
}

export function traceOptimizer(layout: Trainable, updating = PLAIN): Program {
  const { length } = layout;
  const g = createGraph("optimizer");
  const optimizer = OPTIMIZERS[updating.optimizer];
  const words = stateWords(updating, layout);
  const used = new Map<string, number>();
  const param = external("adapter", [length]);
  const grad = external("adapter.grad", [length]);
  const norm = external("norm", [1]);
  const step = external("step", [STEP_BYTES / 4]);
  globalNorm(g, grad, norm);
  for (const stretch of stretchesFor(layout, updating)) {
    const { from, to } = stretch;
    const sharing = optimizer.keeps(stretch);
    const part = (tensor: Tensor) => slice(tensor, from * 4, [to - from]);
    const state = (name: string) => {
      const own = sliceWords(to - from, sharing[name] ?? Number.NaN);
      const at = used.get(name) ?? 0;
      used.set(name, at + own);
      return slice(external(`adapter.${name}`, [words.get(name) ?? Number.NaN]), at * 4, [own]);
    };
    optimizer.update(g, { ...stretch, param: part(param), grad: part(grad), state, norm, step }, updating);
  }
  return compileGraph(g);
}
