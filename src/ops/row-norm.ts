/** How long each row of a weight is with a LoRA pair in it; nothing is differentiated. */
import { call, type Graph } from "@/graph/graph";
import { oneGroupEach } from "@/graph/grid";
import type { Tensor } from "@/graph/target";

export interface RowNormInputs {
  /** [N, K] in any format */
  readonly w: Tensor;
  /** [R, K] */
  readonly a: Tensor;
  /** [N, R] */
  readonly b: Tensor;
  readonly step: Tensor;
}

/** norm[o] = ‖w[o] + adapter_scale · (b a)[o]‖, written.  norm: [N] */
export function rowNorm(g: Graph, { w, a, b, step }: RowNormInputs, norm: Tensor): void {
  const constants = { RANK: a.shape[0] ?? 0, W_COLS: w.shape[1] ?? 0 };
  const grid = oneGroupEach(norm.shape[0] ?? 0);
  call(g, "row-norm.forward", { reads: { w, a, b, step }, writes: { norm } }, constants, grid);
}
