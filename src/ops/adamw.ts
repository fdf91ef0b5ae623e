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

/** One AdamW step, with clipping, at `ratio` times the Step's rate, in place.  param, grad, m, v: [n], n a multiple of 4 */
export function adamw(g: Graph, { param, grad, m, v, norm, step }: AdamTensors, ratio = 1): void {
  call(
    g,
    "adamw.update",
    { reads: { grad, norm, step }, writes: { param, m, v } },
    { RATIO: ratio },
    gridOf(elements(param.shape) / 4),
  );
}
