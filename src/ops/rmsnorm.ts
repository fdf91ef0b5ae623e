/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019). The weight's length says what is normalised: a whole row, or
 * each head of it. Where it is trained, its gradient is added to.
 */
import { call, elements, forwardTemp, temp } from "@/graph/graph";
import { oneGroupEach } from "@/graph/grid";
import { op } from "@/graph/op";
import { sumRows } from "@/ops/bias";

/** y = w · x / rms(x), per stretch of W values.  x: [T, n·W]  w: [W] */
export const rmsnorm = op<"x" | "w", "y", { eps: number }>("rmsnorm", {
  forward(g, { x, w }, { eps }) {
    const [width = 0] = w.shape;
    const y = forwardTemp(g, x.shape);
    const grid = oneGroupEach(elements(x.shape) / width);
    call(g, "rmsnorm.forward", { reads: { x, w }, writes: { y } }, { WIDTH: width, EPS: eps }, grid);
    return { y };
  },
  backward(g, { x, w, dy }, { eps }) {
    const [width = 0] = w.shape;
    const dx = temp(g, x.shape);
    const constants = { WIDTH: width, EPS: eps };
    const grid = oneGroupEach(elements(x.shape) / width);
    call(g, "rmsnorm.backward", { reads: { x, w, dy }, writes: { dx } }, constants, grid);
    if (w.grad) {
      const terms = temp(g, x.shape);
      call(g, "rmsnorm.weight_terms", { reads: { x, dy }, writes: { terms } }, constants, grid);
      sumRows(g, terms, w.grad);
    }
    return { x: dx };
  },
});
