/** Constants that a weight's storage format needs beside its width; `shaders/lib/weight-*.wgsl` declare them. */
import type { Tensor } from "@/graph/target";

export function weightConstants(_w: Tensor): Record<string, number> {
  return {};
}
