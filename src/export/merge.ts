/** A base's weights with an adapter in them, W + (alpha / r) · B A, with DoRA each row as long as it learned to be, read from their source piece by piece. */
import type { Adapter } from "@/export/peft";
import type { Architecture } from "@/model/architecture";
import { blockKernels } from "@/model/block-kernels";
import { type Located, tensorRows } from "@/model/located";
import { pairSize } from "@/model/lora";
import { PROJECTIONS } from "@/train/recipe";

/** One pair of an adapter, and what scales it. */
export interface Pair {
  /** [r, in] */
  readonly a: Float32Array;
  /** [out, r] */
  readonly b: Float32Array;
  /** [out], DoRA's magnitudes */
  readonly m?: Float32Array;
  readonly rank: number;
  readonly scale: number;
}

/** What an adapter adds, by the name of the tensor that it reaches. */
export function pairsByTensor(arch: Architecture, adapter: Adapter | undefined): ReadonlyMap<string, Pair> {
  const found = new Map<string, Pair>();
  if (!adapter) return found;
  const { tensors } = adapter;
  for (let layer = 0; layer < arch.layers; layer++) {
    for (const projection of PROJECTIONS) {
      const pair = tensors.get(`layers.${layer}.${projection}`);
      if (pair)
        found.set(arch.names.projection(layer, projection), { ...pair, ...pairSize(adapter, layer, projection) });
    }
  }
  return found;
}

/** Rows of one tensor as f32, merged; pieces are whole multiples of `group` rows. */
export async function* mergedRows(
  located: Located,
  pair: Pair | undefined,
  group = 1,
): AsyncGenerator<Float32Array<ArrayBuffer>> {
  const kernels = await blockKernels();
  for await (const { firstRow, rows, values } of tensorRows(located, group)) {
    if (pair) {
      const b = pair.b.subarray(firstRow * pair.rank, (firstRow + rows) * pair.rank);
      kernels.addLora(values, pair.a, b, pair.rank, pair.scale);
      if (pair.m) stretchRows(values, pair.m.subarray(firstRow, firstRow + rows));
    }
    yield values;
  }
}

/** Makes each row as long as its magnitude says, in place. */
function stretchRows(values: Float32Array, magnitudes: Float32Array): void {
  const columns = values.length / magnitudes.length;
  for (const [row, magnitude] of magnitudes.entries()) {
    const own = values.subarray(row * columns, (row + 1) * columns);
    const factor = magnitude / Math.max(Math.sqrt(own.reduce((sum, value) => sum + value * value, 0)), 1e-20);
    for (let i = 0; i < own.length; i++) own[i] = (own[i] ?? 0) * factor;
  }
}
