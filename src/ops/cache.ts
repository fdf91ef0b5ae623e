/** Writing rows into the key and value cache of generation. */
import { call, type Graph } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import type { Tensor } from "@/graph/target";

/** cache[slots[t]] = x[t].  x: [T, W]  slots: [T] u32  cache: [S, W], outlives the program */
export function writeCache(g: Graph, x: Tensor, slots: Tensor, cache: Tensor): void {
  const [rows = 0, width = 0] = x.shape;
  call(g, "cache.forward", { reads: { x, slots }, writes: { cache } }, { WIDTH: width }, gridOf((rows * width) / 4));
}
