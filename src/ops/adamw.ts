/** The optimizer's update of one flat parameter buffer. */
import { call, elements, type Graph } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import type { Tensor } from "@/graph/target";

export interface AdamTensors {
  readonly param: Tensor;
  readonly grad: Tensor;
  readonly m: Tensor;
  readonly v: Tensor;
  /** [1], the gradient's global norm before clipping */
  readonly norm: Tensor;
  readonly step: Tensor;
}

/** How a stretch of parameters differs: its rate as a multiple of the Step's, and whether weight decay pulls at it. */
export interface UpdateOptions {
  readonly ratio?: number;
  readonly decays?: boolean;
}

export const updateConstants = ({ ratio = 1, decays = true }: UpdateOptions) => ({
  RATIO: ratio,
  DECAYS: decays ? 1 : 0,
});

/** One AdamW step, with clipping, in place.  param, grad, m, v: [n], n a multiple of 4 */
export function adamw(g: Graph, { param, grad, m, v, norm, step }: AdamTensors, options: UpdateOptions = {}): void {
  call(
    g,
    "adamw.update",
    { reads: { grad, norm, step }, writes: { param, m, v } },
    updateConstants(options),
    gridOf(elements(param.shape) / 4),
  );
}
