/** A projection's bias. It is frozen, so its gradient is none, and that of x is dy itself. */
import { call, elements, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[t] = x[t] + b.  x: [T, N]  b: [N], N a multiple of 4 */
export const bias = op<"x" | "b", "y", null>("bias", {
  forward(g, { x, b }) {
    const y = temp(g, x.shape);
    const constants = { WIDTH: elements(b.shape) };
    call(g, "bias.forward", { reads: { x, b }, writes: { y } }, constants, gridOf(elements(x.shape) / 4));
    return { y };
  },
  backward: (_, { dy }) => ({ x: dy }),
});
