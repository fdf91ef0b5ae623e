/** Token embedding from a table in any weight format; one that is trained is f32, and has its gradient added to. */
import { call, forwardTemp } from "@/graph/graph";
import { gridOf, oneGroupEach } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[t] = scale · w[tokens[t]].  tokens: [T] u32  w: [V, C] */
export const embed = op<"tokens" | "w", "y", { scale: number }>("embed", {
  forward(g, { tokens, w }, { scale }) {
    const [count = 0] = tokens.shape;
    const [, width = 0] = w.shape;
    const y = forwardTemp(g, [count, width]);
    const constants = { SCALE: scale, W_COLS: width };
    call(g, "embed.forward", { reads: { tokens, w }, writes: { y } }, constants, gridOf((count * width) / 4));
    return { y };
  },
  backward(g, { tokens, w, dy }, { scale }) {
    if (!w.grad) return {};
    const constants = { SCALE: scale, W_COLS: w.shape[1] ?? 0 };
    const grid = oneGroupEach(tokens.shape[0] ?? 0);
    call(g, "embed.backward", { reads: { tokens, dy }, writes: { dw: w.grad } }, constants, grid);
    return {};
  },
});
