/**
 * A projection, with an optional LoRA pair (Hu et al. 2021): y = x wᵀ + scale · (drop(x) aᵀ) bᵀ. The scale is in the
 * Step uniform, so that one number switches the adapter off. With DoRA, y's columns get lengths of their own. Gradients of a and b, or of a weight that is itself
 * trained, are added to their `grad` tensors.
 */
import { call, type Graph, temp } from "@/graph/graph";
import { op } from "@/graph/op";
import type { Activations, Tensor } from "@/graph/target";
import { dora } from "@/ops/dora";
import { type Dropout, dropout, dropoutBackward } from "@/ops/dropout";
import { scale } from "@/ops/scale";

/** a: [R, K]  b: [N, R], R a multiple of 4 */
export interface LoraPair {
  readonly a: Tensor;
  readonly b: Tensor;
  /** Its scale, as a multiple of the Step's `adapter_scale`; 1 if not said. */
  readonly factor?: number;
  /** Of its input, while it is trained. */
  readonly dropout?: Dropout;
  /** DoRA's: the length that is learned for each row of w + b a, and the one that it has.  m, norm: [N] */
  readonly magnitude?: { readonly m: Tensor; readonly norm: Tensor };
}

/** y = x · wᵀ (+ LoRA).  x: [T, K], T a multiple of 8  w: [N, K] → y: [T, N rounded up to a multiple of 4] */
export function linear(g: Graph, x: Tensor, w: Tensor, lora: LoraPair | undefined, step: Tensor): Tensor {
  if (!lora) return plainLinear(g, { x, w, step }, null).y;
  const { factor = 1 } = lora;
  const own = factor === 1 ? step : scale(g, { step }, { factor }).y;
  const { y } = loraLinear(g, { x, w, a: lora.a, b: lora.b, step: own }, lora.dropout ?? null);
  return lora.magnitude ? dora(g, { u: y, ...lora.magnitude, step }, null).y : y;
}

const plainLinear = op<"x" | "w" | "step", "y", null>("linear", {
  forward: (g, { x, w }) => ({ y: multiply(g, x, w, undefined, g.activations) }),
  backward(g, { x, w, step, dy }) {
    weightGradient(g, dy, x, w, step);
    return { x: multiplyBackward(g, dy, w, x.shape) };
  },
});

const loraLinear = op<"x" | "w" | "a" | "b" | "step", "y", Dropout | null>("linear", {
  forward(g, { x, w, a, b, step }, fallen) {
    const h = multiply(g, fallen ? dropout(g, x, step, fallen) : x, a, undefined, g.activations); // [T, R]
    return { y: multiply(g, x, w, { h, b, step }, g.activations) };
  },
  backward(g, { x, w, a, b, step, dy }, fallen) {
    const read = fallen ? dropout(g, x, step, fallen) : x;
    const h = multiply(g, read, a, undefined, g.activations); // [T, R], cheaper again than kept
    const dh = multiplyBackward(g, dy, b, h.shape);
    accumulate(g, dy, h, b.grad, step);
    accumulate(g, dh, read, a.grad, step);
    if (fallen) {
      const dx = multiplyBackward(g, dy, w, x.shape);
      dropoutBackward(g, multiplyBackward(g, dh, a, x.shape), step, fallen, dx);
      return { x: dx };
    }
    return { x: multiplyBackward(g, dy, w, x.shape, { dh, a, step }) };
  },
});

/** y = x · wᵀ (+ scale · h · bᵀ).  h: [T, R]  b: [N, R] */
export function multiply(
  g: Graph,
  x: Tensor,
  w: Tensor,
  lora?: { h: Tensor; b: Tensor; step: Tensor },
  format: Activations = "f32",
): Tensor {
  const [rows = 0] = x.shape;
  const n = Math.ceil((w.shape[0] ?? 0) / 4) * 4;
  const y = temp(g, [rows, n], false, format);
  const kernel = lora ? "linear.forward_lora" : "linear.forward";
  call(g, kernel, { reads: { x, w, ...lora }, writes: { y } }, shapeOf(w, n, lora?.h), 1);
  return y;
}

/** dx = dy · w (+ scale · dh · a), of `shape` or written into `into`.  dh: [T, R]  a: [R, K] */
export function multiplyBackward(
  g: Graph,
  dy: Tensor,
  w: Tensor,
  shape: readonly number[],
  lora?: { dh: Tensor; a: Tensor; step: Tensor },
  into?: Tensor,
): Tensor {
  const [, n = 0] = dy.shape;
  const dx = into ?? temp(g, shape);
  const kernel = lora ? "linear.backward_lora" : "linear.backward";
  call(g, kernel, { reads: { dy, w, ...lora }, writes: { dx } }, shapeOf(w, n, lora?.dh), 1);
  return dx;
}

/** What the kernels know of the weight; a target makes lanes and tiles of it. */
function shapeOf(w: Tensor, n: number, low: Tensor | undefined): Record<string, number> {
  const [wRows = 0, k = 0] = w.shape;
  return { K: k, N: n, W_ROWS: wRows, W_COLS: k, ...(low ? { RANK: low.shape[1] ?? 0 } : {}) };
}

/**
 * Of y = x · wᵀ, where w is trained: its gradient += dyᵀ · x. There is no adapter then, so the Step's scale is 1.
 * dy: [T, N rounded up to a multiple of 4], and so many rows has the gradient.
 */
export function weightGradient(g: Graph, dy: Tensor, x: Tensor, w: Tensor, step: Tensor): void {
  accumulate(g, dy, x, w.grad, step);
}

/** grad[M, N] += scale · leftᵀ · right.  left: [T, M]  right: [T, N] */
function accumulate(g: Graph, left: Tensor, right: Tensor, grad: Tensor | undefined, step: Tensor): void {
  if (!grad) return;
  const [M = 0, N = 0] = [left.shape[1], right.shape[1]];
  call(g, "lora.gradient", { reads: { left, right, step }, writes: { g: grad } }, { M, N }, 1);
}
