/**
 * The loss head: logits = x · wᵀ and next-token loss, in chunks of rows, so that [L, V] never exists. In training each
 * chunk turns its logits into their gradient in place and at once into the gradients of x and of a head that is trained,
 * so the logits are computed once.
 */
import { call, type Graph, pause, rows, scope, temp } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { multiply, multiplyBackward, weightGradient } from "@/ops/linear";

/** Rows of logits alive at once. A view must start at a multiple of 256 bytes: 64 rows of 4 bytes. */
export const CHUNK_ROWS = 64;

export interface LossInputs {
  /** [L, C], L a multiple of CHUNK_ROWS */
  readonly x: Tensor;
  /** [V, C] */
  readonly w: Tensor;
  /** [L] u32 */
  readonly targets: Tensor;
  /** [L]; 0 for padding */
  readonly weights: Tensor;
  /** [L], written */
  readonly nll: Tensor;
  readonly step: Tensor;
}

export interface LossOptions {
  /** Of the softmax; 1 where nothing was sampled. */
  readonly temperature?: number;
  /** The weights depend on the losses: the program pauses between the two, and the logits are computed twice. */
  readonly staged?: boolean;
}

/**
 * nll[l] = -log softmax(x wᵀ / temperature)[l, targets[l]]. With x.needsGrad, the tape gets
 * d(Σ nll · weight · loss_scale)/dx; the same by w is added to w.grad, where there is one.
 */
export function lossHead(g: Graph, inputs: LossInputs, { temperature = 1, staged = false }: LossOptions = {}): void {
  const { x, w, nll } = inputs;
  const dx = x.needsGrad || w.grad ? temp(g, x.shape) : undefined;
  scope(g, "head", () => {
    if (!dx || staged) eachChunk(g, inputs, temperature, undefined);
    if (dx && staged) pause(g);
    if (dx) eachChunk(g, inputs, temperature, dx);
  });
  if (dx && x.needsGrad)
    g.tape.push({ label: "head.loss", inputs: { x }, outputs: { nll }, pullback: () => ({ x: dx }) });
}

function eachChunk(g: Graph, inputs: LossInputs, temperature: number, dx: Tensor | undefined): void {
  const { x, w, targets, weights, nll, step } = inputs;
  const [count = 0] = x.shape;
  for (let start = 0; start < count; start += CHUNK_ROWS) {
    const part = (tensor: Tensor) => rows(tensor, start, CHUNK_ROWS);
    const logits = multiply(g, part(x), w); // [CHUNK_ROWS, V rounded up]
    const constants = { VOCAB: w.shape[0] ?? 0, STRIDE: logits.shape[1] ?? 0, SHARPNESS: 1 / temperature };
    const reads = { targets: part(targets), weights: part(weights) };
    if (dx) {
      const writes = { z: logits, nll: part(nll) };
      call(g, "cross-entropy.backward", { reads: { ...reads, step }, writes }, constants, CHUNK_ROWS);
      weightGradient(g, logits, part(x), w, step);
      multiplyBackward(g, logits, w, [], undefined, part(dx));
    } else {
      const operands = { reads: { ...reads, logits }, writes: { nll: part(nll) } };
      call(g, "cross-entropy.forward", operands, constants, CHUNK_ROWS);
    }
  }
}
