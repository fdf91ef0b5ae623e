/** AdamW whose moments are kept as codes of eight bits, in blocks of 256; see the shader for the map. */
import { call, elements, type Graph } from "@/graph/graph";
import { oneGroupEach } from "@/graph/grid";
import type { Tensor } from "@/graph/target";
import { type AdamTensors, type UpdateOptions, updateConstants } from "@/ops/adamw";

export const BLOCK = 256;

export interface Adam8Tensors extends Omit<AdamTensors, "m" | "v"> {
  /** [n / 4] words of four codes */
  readonly m_codes: Tensor;
  readonly v_codes: Tensor;
  /** [n / 256, rounded up] */
  readonly m_largest: Tensor;
  readonly v_largest: Tensor;
}

/** One step, with clipping, in place.  param, grad: [n], n a multiple of 4 */
export function adamw8(
  g: Graph,
  { param, grad, norm, step, ...state }: Adam8Tensors,
  options: UpdateOptions = {},
): void {
  const operands = { reads: { grad, norm, step }, writes: { param, ...state } };
  call(g, "adamw8.update", operands, updateConstants(options), oneGroupEach(Math.ceil(elements(param.shape) / BLOCK)));
}
