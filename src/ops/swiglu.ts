/**
 * The gated activation of a feed-forward (Shazeer 2020): SwiGLU in Llama, GeGLU in Gemma. Both gates are
 * g · σ(SLOPE g + CUBIC g³), because tanh(x) = 2σ(2x) - 1; so one kernel without a branch serves both.
 */
import { call, elements, forwardTemp, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

export type Activation = "silu" | "gelu_tanh";

/** gelu_tanh(g) = g/2 · (1 + tanh(√(2/π) (g + 0.044715 g³))) */
const TWICE = 2 * Math.sqrt(2 / Math.PI);
const CONSTANTS: Readonly<Record<Activation, { SLOPE: number; CUBIC: number }>> = {
  silu: { SLOPE: 1, CUBIC: 0 },
  gelu_tanh: { SLOPE: TWICE, CUBIC: TWICE * 0.044715 },
};

/** y = activation(gate) · up.  gate, up: [T, F] */
export const swiglu = op<"gate" | "up", "y", { activation: Activation }>("swiglu", {
  forward(g, { gate, up }, { activation }) {
    const y = forwardTemp(g, gate.shape);
    const grid = gridOf(elements(gate.shape) / 4);
    call(g, "swiglu.forward", { reads: { gate, up }, writes: { y } }, CONSTANTS[activation], grid);
    return { y };
  },
  backward(g, { gate, up, dy }, { activation }) {
    const dgate = temp(g, gate.shape);
    const dup = temp(g, up.shape);
    const grid = gridOf(elements(gate.shape) / 4);
    call(g, "swiglu.backward", { reads: { gate, up, dy }, writes: { dgate, dup } }, CONSTANTS[activation], grid);
    return { gate: dgate, up: dup };
  },
});
