/** Residual sum. */
import { call, elements, forwardTemp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y = a + b.  a, b: same shape */
export const add = op<"a" | "b", "y", null>("add", {
  forward(g, { a, b }) {
    const y = forwardTemp(g, a.shape);
    call(g, "add.forward", { reads: { a, b }, writes: { y } }, {}, gridOf(elements(a.shape) / 4));
    return { y };
  },
  backward: (_, { dy }) => ({ a: dy, b: dy }),
});
