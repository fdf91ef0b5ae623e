/** Token embedding from a frozen table in any weight format. */
import { call, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[t] = scale · w[tokens[t]].  tokens: [T] u32  w: [V, C] */
export const embed = op<"tokens" | "w", "y", { scale: number }>("embed", {
  forward(g, { tokens, w }, { scale }) {
    const [count = 0] = tokens.shape;
    const [, width = 0] = w.shape;
    const y = temp(g, [count, width]);
    const constants = { SCALE: scale, W_COLS: width };
    call(g, "embed.forward", { reads: { tokens, w }, writes: { y } }, constants, gridOf((count * width) / 4));
    return { y };
  },
});
