/**
 * Root-mean-square normalisation (Zhang and Sennrich 2019). The weight is frozen, so it gets no gradient. Its length
 * says what is normalised: a whole row, or each head of it.
 */
import { call, elements, type Grid, temp } from "@/graph/graph";
import { op } from "@/graph/op";

/** y = w · x / rms(x), per stretch of W values.  x: [T, n·W]  w: [W] */
export const rmsnorm = op<"x" | "w", "y", { eps: number }>("rmsnorm", {
  forward(g, { x, w }, { eps }) {
    const [width = 0] = w.shape;
    const y = temp(g, x.shape);
    call(
      g,
      "rmsnorm.forward",
      { reads: { x, w }, writes: { y } },
      { WIDTH: width, EPS: eps },
      oneGroupEach(elements(x.shape) / width),
    );
    return { y };
  },
  backward(g, { x, w, dy }, { eps }) {
    const [width = 0] = w.shape;
    const dx = temp(g, x.shape);
    call(
      g,
      "rmsnorm.backward",
      { reads: { x, w, dy }, writes: { dx } },
      { WIDTH: width, EPS: eps },
      oneGroupEach(elements(x.shape) / width),
    );
    return { x: dx };
  },
});

const SIDE = 4096;

/** One workgroup per stretch. The heads of a long batch are more than one side of a grid may hold. */
function oneGroupEach(count: number): Grid {
  const y = Math.ceil(count / SIDE);
  return [Math.ceil(count / y), y];
}
