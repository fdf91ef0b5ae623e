/** Choosing the next token on the device. */
import { call, type Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";

/** tokens[s] = argmax, or a draw at the Step's temperature.  logits: [S, ≥ vocab]  keys: [S] u32  tokens: [S] u32, written */
export function sample(
  g: Graph,
  inputs: { logits: Tensor; keys: Tensor; tokens: Tensor; step: Tensor },
  vocab: number,
): void {
  const { logits, keys, tokens, step } = inputs;
  const constants = { VOCAB: vocab, STRIDE: logits.shape[1] ?? 0 };
  call(g, "sample.forward", { reads: { logits, keys, step }, writes: { tokens } }, constants, keys.shape[0] ?? 0);
}
