/** Attention in float64, and the spans of packed sequences. Used by tests only. */
import type { Numbers } from "@/ops/check";
import { softmax } from "@/ops/reference";

export interface Shape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  readonly scale: number;
}

export const reference =
  ({ heads, kvHeads, headDim, scale }: Shape, spans: readonly (readonly [number, number])[]) =>
  ({ q, k, v }: Record<"q" | "k" | "v" | "span", Numbers>) => {
    const y = new Float64Array(q.length);
    const dots = (row: number, key: number) => {
      let sum = 0;
      for (let i = 0; i < headDim; i++) sum += (q[row + i] ?? 0) * (k[key + i] ?? 0);
      return scale * sum;
    };
    spans.forEach(([first, last], t) => {
      for (let head = 0; head < heads; head++) {
        const row = (t * heads + head) * headDim;
        const keys = Array.from({ length: last - first }, (_, j) => {
          return ((first + j) * kvHeads + Math.floor((head * kvHeads) / heads)) * headDim;
        });
        const p = softmax(keys.map((key) => dots(row, key)));
        keys.forEach((key, j) => {
          for (let i = 0; i < headDim; i++) y[row + i] = (y[row + i] ?? 0) + (p[j] ?? 0) * (v[key + i] ?? 0);
        });
      }
    });
    return { y };
  };

/** Sequences end to end; padding rows see themselves alone. */
export function packed(lengths: readonly number[], padding: number): [number, number][] {
  let start = 0;
  return [...lengths, ...Array<number>(padding).fill(1)].flatMap((length) => {
    const first = start;
    start += length;
    return Array.from({ length }, (_, i): [number, number] => [first, first + i + 1]);
  });
}
