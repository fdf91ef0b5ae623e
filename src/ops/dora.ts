/** DoRA's magnitude (Liu et al. 2024), behind a projection with its LoRA pair. The gradient of m is added to. */
import { call, elements, forwardTemp, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[t] = u[t] · m / norm; u itself while the adapter is off.  u: [T, N]  m, norm: [N], N a multiple of 4 */
export const dora = op<"u" | "m" | "norm" | "step", "y", null>("dora", {
  forward(g, { u, m, norm, step }) {
    const y = forwardTemp(g, u.shape);
    const operands = { reads: { u, m, norm, step }, writes: { y } };
    call(g, "dora.forward", operands, { WIDTH: elements(m.shape) }, gridOf(elements(u.shape) / 4));
    return { y };
  },
  backward(g, { u, m, norm, step, dy }) {
    const constants = { WIDTH: elements(m.shape) };
    const du = temp(g, u.shape);
    const operands = { reads: { dy, m, norm, step }, writes: { du } };
    call(g, "dora.backward", operands, constants, gridOf(elements(u.shape) / 4));
    if (m.grad) {
      call(g, "dora.gradient", { reads: { u, dy, norm }, writes: { dm: m.grad } }, constants, constants.WIDTH / 4);
    }
    return { u: du };
  },
});
