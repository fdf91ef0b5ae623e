/**
 * Floating point operations of a traced program, multiply and add counted as two: products with weights, adapters, and
 * attention. What is elementwise is left out, as in the model FLOPs of Chowdhery et al. 2022 (PaLM, appendix B).
 *
 *   product     2 · rows · |w|                                for the weight and for each adapter matrix that is read
 *   attention   4 · pairs · H·D forward, 8 · pairs · H·D backward, a pair being a row and a key that it sees
 *
 * The backward of attention counts what a gradient needs (dV, dP, dQ, dK); that scores are made again is not credited.
 */
import { elements } from "@/graph/graph";
import type { Call, Program, Tensor } from "@/graph/target";

export interface Flops {
  readonly total: number;
  /** The part of `total` that checkpointing computes a second time. */
  readonly recomputed: number;
}

/** `pairs`: Σ over rows of the keys that each sees; T (T + 1) / 2 for one causal sequence. */
export function countFlops({ calls }: Program, pairs: number): Flops {
  let total = 0;
  let recomputed = 0;
  for (const call of calls) {
    const flops = callFlops(call, pairs);
    total += flops;
    if (call.label.startsWith("recompute.")) recomputed += flops;
  }
  return { total, recomputed };
}

/** Throws for a kernel of these files that has no rule, so that none is forgotten. */
export function callFlops(call: Call, pairs: number): number {
  const [file, entry = ""] = call.kernel.split(".");
  if (file === "linear") return linear(call);
  if (file === "lora")
    return 2 * rowsOf(call, ["left", "right"]) * widthOf(call.reads.left) * widthOf(call.reads.right);
  if (file === "attention") return attention(call, entry, pairs);
  return 0;
}

/** Every matrix that is read and is no row operand meets every row. */
function linear(call: Call): number {
  const rows = rowsOf(call, ["x", "dy"]);
  const matrices = Object.entries(call.reads).filter(([name]) => /^[wab](\d|_|$)/.test(name));
  return 2 * rows * matrices.reduce((sum, [, { shape }]) => sum + elements(shape), 0);
}

const ATTENTION: Readonly<Record<string, number>> = { forward: 4, backward_q: 4, backward_kv: 4, delta: 0 };

function attention(call: Call, entry: string, pairs: number): number {
  const perPair = ATTENTION[entry];
  if (perPair === undefined) throw new Error(`internal: no count of operations for ${call.kernel}`);
  return perPair * pairs * widthOf(call.reads.q ?? call.reads.dy);
}

function rowsOf(call: Call, names: readonly string[]): number {
  const found = names.map((name) => call.reads[name]).find((tensor) => tensor !== undefined);
  if (!found) throw new Error(`internal: no count of operations for ${call.kernel}`);
  return found.shape[0] ?? 0;
}

const widthOf = (tensor: Tensor | undefined) => tensor?.shape[1] ?? 0;
