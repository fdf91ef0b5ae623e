/** Rows by index, with the inverse index for the gradient. */
import { call, forwardTemp, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[l] = x[rows[l]].  x: [T, C]  rows: [L] u32  slots: [T] u32, the inverse of rows; none is 0xffffffff */
export const gather = op<"x" | "rows" | "slots", "y", null>("gather", {
  forward(g, { x, rows }) {
    const [count = 0] = rows.shape;
    const [, width = 0] = x.shape;
    const y = forwardTemp(g, [count, width]);
    call(
      g,
      "gather.forward",
      { reads: { x, index: rows }, writes: { y } },
      { WIDTH: width },
      gridOf((count * width) / 4),
    );
    return { y };
  },
  backward(g, { x, slots, dy }) {
    const [count = 0, width = 0] = x.shape;
    const dx = temp(g, x.shape);
    call(
      g,
      "gather.forward",
      { reads: { x: dy, index: slots }, writes: { y: dx } },
      { WIDTH: width },
      gridOf((count * width) / 4),
    );
    return { x: dx };
  },
});
