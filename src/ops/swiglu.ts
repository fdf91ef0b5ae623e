/** The gated activation of Llama's feed-forward (Shazeer 2020). */
import { call, elements, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y = silu(gate) · up.  gate, up: [T, F] */
export const swiglu = op<"gate" | "up", "y", null>("swiglu", {
  forward(g, { gate, up }) {
    const y = temp(g, gate.shape);
    call(g, "swiglu.forward", { reads: { gate, up }, writes: { y } }, {}, gridOf(elements(gate.shape) / 4));
    return { y };
  },
  backward(g, { gate, up, dy }) {
    const dgate = temp(g, gate.shape);
    const dup = temp(g, up.shape);
    const grid = gridOf(elements(gate.shape) / 4);
    call(g, "swiglu.backward", { reads: { gate, up, dy }, writes: { dgate, dup } }, {}, grid);
    return { gate: dgate, up: dup };
  },
});
