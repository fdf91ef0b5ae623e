/** Dropout of what an adapter's pair reads. The mask is never stored; see the shader for how it is drawn. */
import { call, elements, type Graph, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import type { Tensor } from "@/graph/target";

export interface Dropout {
  /** Share of values that fall, 0 to below 1. */
  readonly rate: number;
  /** A number of the place, so that no two draw alike. */
  readonly site: number;
}

/** y = mask · x / (1 - rate), of any shape. */
export function dropout(g: Graph, x: Tensor, step: Tensor, { rate, site }: Dropout): Tensor {
  const y = temp(g, x.shape);
  const grid = gridOf(elements(x.shape) / 4);
  call(g, "dropout.forward", { reads: { x, step }, writes: { y } }, { RATE: rate, SITE: site }, grid);
  return y;
}

/** dx += adapter_scale · mask · z / (1 - rate), in place. */
export function dropoutBackward(g: Graph, z: Tensor, step: Tensor, { rate, site }: Dropout, dx: Tensor): void {
  const grid = gridOf(elements(dx.shape) / 4);
  call(g, "dropout.backward", { reads: { z, step }, writes: { dx } }, { RATE: rate, SITE: site }, grid);
}
