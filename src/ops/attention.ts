/** Causal grouped-query attention over a packed token axis; no [T, T] buffer exists. */
import { call, temp } from "@/graph/graph";
import { op } from "@/graph/op";

export interface AttentionShape {
  readonly heads: number;
  readonly kvHeads: number;
  readonly headDim: number;
  /** Of the scores; 1 / √headDim in most models. */
  readonly scale: number;
}

/** Row t attends to keys span[t] = [first, last).  q: [T, H·D]  k, v: [S, KV·D]  span: [T, 2] u32 → y: [T, H·D] */
export const attention = op<"q" | "k" | "v" | "span", "y" | "lse", AttentionShape>("attention", {
  forward(g, { q, k, v, span }, shape) {
    const [rows = 0] = q.shape;
    const y = temp(g, q.shape);
    const lse = temp(g, [rows, shape.heads]);
    call(g, "attention.forward", { reads: { q, k, v, span }, writes: { y, lse } }, constants(shape), 1);
    return { y, lse };
  },
  backward(g, { q, k, v, span, y, lse, dy }, shape) {
    const [rows = 0] = q.shape;
    const stats = temp(g, [rows, shape.heads, 2]);
    const dq = temp(g, q.shape);
    const dk = temp(g, k.shape);
    const dv = temp(g, v.shape);
    const saved = { reads: { out: y, dy, saved: lse }, writes: { stats } };
    call(g, "attention.delta", saved, constants(shape), 1);
    const reads = { q, k, v, span, dy, row_stats: stats };
    call(g, "attention.backward_q", { reads, writes: { dq } }, constants(shape), 1);
    call(g, "attention.backward_kv", { reads, writes: { dk, dv } }, constants(shape), 1);
    return { q: dq, k: dk, v: dv };
  },
});

const constants = ({ heads, kvHeads, headDim, scale }: AttentionShape) => ({
  HEADS: heads,
  KV_HEADS: kvHeads,
  HEAD_DIM: headDim,
  SCALE: scale,
});
