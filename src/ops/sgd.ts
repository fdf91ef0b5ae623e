/** The update of one flat parameter buffer by gradient descent with momentum. */
import { call, elements, type Graph } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { type AdamTensors, type UpdateOptions, updateConstants } from "@/ops/adamw";

export type SgdTensors = Omit<AdamTensors, "v">;

/** One step, with clipping, in place.  param, grad, m: [n], n a multiple of 4 */
export function sgd(g: Graph, { param, grad, m, norm, step }: SgdTensors, options: UpdateOptions = {}): void {
  const operands = { reads: { grad, norm, step }, writes: { param, m } };
  call(g, "sgd.update", operands, updateConstants(options), gridOf(elements(param.shape) / 4));
}
