/**
 * A projection by a frozen weight, with an optional LoRA pair (Hu et al. 2021): y = x wᵀ + scale · (x aᵀ) bᵀ.
 * The scale is in the Step uniform, so that one number switches the adapter off. Gradients of a and b are added to
 * their `grad` tensors; the weight gets none.
 */
import { call, type Graph, temp } from "@/graph/graph";
import { op } from "@/graph/op";
import type { Tensor } from "@/graph/target";
import { weightConstants } from "@/ops/weight";

/** a: [R, K]  b: [N, R], R a multiple of 4 */
export interface LoraPair {
  readonly a: Tensor;
  readonly b: Tensor;
}

/** y = x · wᵀ (+ LoRA).  x: [T, K], T a multiple of 8  w: [N, K] → y: [T, N rounded up to a multiple of 4] */
export function linear(g: Graph, x: Tensor, w: Tensor, lora: LoraPair | undefined, step: Tensor): Tensor {
  return lora ? loraLinear(g, { x, w, a: lora.a, b: lora.b, step }, null).y : frozenLinear(g, { x, w, step }, null).y;
}

const frozenLinear = op<"x" | "w" | "step", "y", null>("linear", {
  forward: (g, { x, w }) => ({ y: multiply(g, x, w) }),
  backward: (g, { x, w, dy }) => ({ x: multiplyBackward(g, dy, w, x.shape) }),
});

const loraLinear = op<"x" | "w" | "a" | "b" | "step", "y", null>("linear", {
  forward(g, { x, w, a, b, step }) {
    const h = multiply(g, x, a); // [T, R]
    return { y: multiply(g, x, w, { h, b, step }) };
  },
  backward(g, { x, w, a, b, step, dy }) {
    const h = multiply(g, x, a); // [T, R], cheaper again than kept
    const dh = multiplyBackward(g, dy, b, h.shape);
    accumulate(g, dy, h, b.grad, step);
    accumulate(g, dh, x, a.grad, step);
    return { x: multiplyBackward(g, dy, w, x.shape, { dh, a, step }) };
  },
});

/** Lanes of a workgroup over (column quads, row octets): wide where there are columns. */
function lanes(quads: number): { x: number; y: number } {
  const x = Math.min(8, 2 ** Math.floor(Math.log2(quads)));
  return { x, y: 64 / x };
}

export function multiply(g: Graph, x: Tensor, w: Tensor, lora?: { h: Tensor; b: Tensor; step: Tensor }): Tensor {
  const [rows = 0, k = 0] = x.shape;
  const [wRows = 0] = w.shape;
  const n = Math.ceil(wRows / 4) * 4;
  const y = temp(g, [rows, n]);
  const { x: lanesX, y: lanesY } = lanes(n / 4);
  const rank: Record<string, number> = lora ? { RANK: lora.h.shape[1] ?? 0 } : {};
  const constants = {
    K: k,
    N: n,
    W_ROWS: wRows,
    W_COLS: k,
    LANES_X: lanesX,
    LANES_Y: lanesY,
    ...rank,
    ...weightConstants(w),
  };
  const grid = [Math.ceil(n / 4 / lanesX), Math.ceil(rows / 8 / lanesY)] as const;
  call(
    g,
    lora ? "linear.forward_lora" : "linear.forward",
    { reads: { x, w, ...lora }, writes: { y } },
    constants,
    grid,
  );
  return y;
}

export function multiplyBackward(
  g: Graph,
  dy: Tensor,
  w: Tensor,
  shape: readonly number[],
  lora?: { dh: Tensor; a: Tensor; step: Tensor },
  into?: Tensor,
): Tensor {
  const [rows = 0, n = 0] = dy.shape;
  const [wRows = 0, k = 0] = w.shape;
  const dx = into ?? temp(g, shape);
  const { x: lanesX, y: lanesY } = lanes(k / 4);
  const rank: Record<string, number> = lora ? { RANK: lora.dh.shape[1] ?? 0 } : {};
  const constants = {
    K: k,
    N: n,
    W_ROWS: wRows,
    W_COLS: k,
    LANES_X: lanesX,
    LANES_Y: lanesY,
    ...rank,
    ...weightConstants(w),
  };
  const grid = [Math.ceil(k / 4 / lanesX), Math.ceil(rows / 8 / lanesY)] as const;
  call(
    g,
    lora ? "linear.backward_lora" : "linear.backward",
    { reads: { dy, w, ...lora }, writes: { dx } },
    constants,
    grid,
  );
  return dx;
}

/** grad[M, N] += scale · leftᵀ · right.  left: [T, M]  right: [T, N] */
function accumulate(g: Graph, left: Tensor, right: Tensor, grad: Tensor | undefined, step: Tensor): void {
  if (!grad) return;
  const m = left.shape[1] ?? 0;
  const n = right.shape[1] ?? 0;
  const groups = Math.ceil((Math.ceil(m / 8) * (n / 4)) / 64);
  call(g, "lora.gradient", { reads: { left, right, step }, writes: { g: grad } }, { M: m, N: n }, groups);
}
