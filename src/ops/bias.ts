/** A projection's bias. The gradient of x is dy itself; that of a bias that is trained is added to. */
import { call, elements, forwardTemp, type Graph } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";
import type { Tensor } from "@/graph/target";

/** y[t] = x[t] + b.  x: [T, N]  b: [N], N a multiple of 4 */
export const bias = op<"x" | "b", "y", null>("bias", {
  forward(g, { x, b }) {
    const y = forwardTemp(g, x.shape);
    const constants = { WIDTH: elements(b.shape) };
    call(g, "bias.forward", { reads: { x, b }, writes: { y } }, constants, gridOf(elements(x.shape) / 4));
    return { y };
  },
  backward(g, { b, dy }) {
    if (b.grad) sumRows(g, dy, b.grad);
    return { x: dy };
  },
});

/** sum += Σ rows[t], the rows cut to the sum's length.  rows: [T, n·W]  sum: [W] */
export function sumRows(g: Graph, rows: Tensor, sum: Tensor): void {
  const width = elements(sum.shape);
  call(g, "bias.gradient", { reads: { dy: rows }, writes: { db: sum } }, { WIDTH: width }, width / 4);
}
