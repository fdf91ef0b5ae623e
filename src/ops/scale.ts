/** The Step of pairs whose scale is not the adapter's own: the same, with another `adapter_scale`. */
import { call, temp } from "@/graph/graph";
import { op } from "@/graph/op";

/** y = step with adapter_scale · factor; nothing is differentiated. */
export const scale = op<"step", "y", { factor: number }>("scale", {
  forward(g, { step }, { factor }) {
    const y = temp(g, step.shape);
    call(g, "scale.forward", { reads: { step }, writes: { y } }, { FACTOR: factor }, 1);
    return { y };
  },
});
