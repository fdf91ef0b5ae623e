/** Rotary position embedding over a host-made table of (cos, sin). */
import { call, forwardTemp, temp } from "@/graph/graph";
import { op } from "@/graph/op";

/** Turns each head of x by its row's position.  x: [T, H·D]  positions: [T] u32  table: [P, D/2, 2] */
export const rope = op<"x" | "positions" | "table", "y", { headDim: number }>("rope", {
  forward(g, { x, positions, table }, { headDim }) {
    const [rows = 0, width = 0] = x.shape;
    const y = forwardTemp(g, x.shape);
    const constants = { HEAD_DIM: headDim, HEADS: width / headDim };
    call(g, "rope.forward", { reads: { x, positions, table }, writes: { y } }, constants, rows);
    return { y };
  },
  backward(g, { x, positions, table, dy }, { headDim }) {
    const [rows = 0, width = 0] = x.shape;
    const dx = temp(g, x.shape);
    const constants = { HEAD_DIM: headDim, HEADS: width / headDim };
    call(g, "rope.backward", { reads: { x: dy, positions, table }, writes: { y: dx } }, constants, rows);
    return { x: dx };
  },
});

/** cos and sin of position · frequency.  frequencies: [D/2] radians per position → [positions, D/2, 2] */
export function ropeTable(positions: number, frequencies: readonly number[]): Float32Array<ArrayBuffer> {
  const half = frequencies.length;
  const table = new Float32Array(positions * half * 2);
  for (let p = 0; p < positions; p++) {
    frequencies.forEach((frequency, i) => {
      table[(p * half + i) * 2] = Math.cos(p * frequency);
      table[(p * half + i) * 2 + 1] = Math.sin(p * frequency);
    });
  }
  return table;
}
