/** Global L2 norm, for gradient clipping and for the chart. */
import { call, type Graph, temp } from "@/graph/graph";
import type { Tensor } from "@/graph/target";

const PARTS = 64;

/** norm = √Σ x².  x: [n], n a multiple of 4  norm: [1], written */
export function globalNorm(g: Graph, x: Tensor, norm: Tensor): void {
  const partial = temp(g, [PARTS]);
  call(g, "norm.partial_sums", { reads: { x }, writes: { partial } }, { PARTS }, PARTS);
  call(g, "norm.root", { reads: { parts: partial }, writes: { norm } }, { PARTS }, 1);
}
