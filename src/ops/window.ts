/**
 * Sliding-window attention (Beltagy et al. 2020) as a narrower span: the attention kernels need not know. The span is
 * narrowed on the device, so that training, evaluation and generation pass the same rows to every model.
 */
import { call, elements, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { op } from "@/graph/op";

/** y[t] = (max(first, last - size), last): the row's own key and the size - 1 before it.  span, y: [T, 2] u32 */
export const window = op<"span", "y", { size: number }>("window", {
  forward(g, { span }, { size }) {
    const y = temp(g, span.shape, false, "u32");
    const grid = gridOf(elements(span.shape) / 2);
    call(g, "window.forward", { reads: { span }, writes: { y } }, { WINDOW: size }, grid);
    return { y };
  },
});
