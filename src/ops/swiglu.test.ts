import { test } from "vitest";
import { checkOp, type Input, input, type Numbers } from "@/ops/check";
import { type Activation, swiglu } from "@/ops/swiglu";

/** silu, and the GELU of Gemma as transformers writes it. */
const ACTIVATIONS = {
  silu: (g: number) => g / (1 + Math.exp(-g)),
  gelu_tanh: (g: number) => 0.5 * g * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (g + 0.044715 * g ** 3))),
} as const;

const reference =
  (activation: Activation) =>
  ({ gate, up }: Record<"gate" | "up", Numbers>) => ({
    y: Float64Array.from(gate, (g, i) => ACTIVATIONS[activation](g) * (up[i] ?? Number.NaN)),
  });

test.each([
  [1, 4, 1, "silu"],
  [3, 12, 1, "gelu_tanh"],
  [8, 100, 8, "silu"],
  [8, 100, 8, "gelu_tanh"],
] as const)("swiglu of %i × %i, gate within ±%i, %s", async (rows, width, scale, activation) => {
  await checkOp({
    inputs: { gate: input([rows, width], 1, "flow", scale), up: input([rows, width], 2, "flow") },
    trace: (g, t) => swiglu(g, t, { activation }),
    reference: reference(activation),
  });
});

test.each(["silu", "gelu_tanh"] as const)("%s of gates so large that exp overflows", async (activation) => {
  const gate: Input = { shape: [8], data: Float32Array.of(-200, -100, -89, -30, 0, 30, 89, 200), grad: "flow" };
  await checkOp({
    inputs: { gate, up: input([8], 2, "flow") },
    trace: (g, t) => swiglu(g, t, { activation }),
    reference: reference(activation),
  });
});
