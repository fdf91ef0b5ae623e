/** Root-mean-square normalisation (Zhang and Sennrich 2019). The weight is frozen, so it gets no gradient. */
import { call, temp } from "@/graph/graph";
import { op } from "@/graph/op";

/** y = w · x / rms(x), per row.  x: [T, C]  w: [C] */
export const rmsnorm = op<"x" | "w", "y", { eps: number }>("rmsnorm", {
  forward(g, { x, w }, { eps }) {
    const [rows = 0, width = 0] = x.shape;
    const y = temp(g, x.shape);
    call(g, "rmsnorm.forward", { reads: { x, w }, writes: { y } }, { WIDTH: width, EPS: eps }, rows);
    return { y };
  },
  backward(g, { x, w, dy }, { eps }) {
    const [rows = 0, width = 0] = x.shape;
    const dx = temp(g, x.shape);
    call(g, "rmsnorm.backward", { reads: { x, w, dy }, writes: { dx } }, { WIDTH: width, EPS: eps }, rows);
    return { x: dx };
  },
});
