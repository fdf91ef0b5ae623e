/**
 * Muon (Jordan et al. 2024): momentum whose direction is made orthogonal by five Newton–Schulz steps, for the matrices of
 * hidden layers. As torch.optim.Muon, but for its iteration in bf16: here it is in f32.
 */
import { call, elements, type Graph, temp } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import type { Tensor } from "@/graph/target";
import { multiply, multiplyBackward } from "@/ops/linear";
import { globalNorm } from "@/ops/norm";
import type { SgdTensors } from "@/ops/sgd";

/** x ← a x + (b xxᵀ + c (xxᵀ)²) x, whose slope at 0 is the steepest that keeps singular values near 1 (Jordan). */
const [A, B, C] = [3.4445, -4.775, 2.0315];
const STEPS = 5;

export interface MuonOptions {
  /** [out, in] */
  readonly shape: readonly [number, number];
  readonly momentum: number;
  /** Multiplies the rate of a matrix, not its decay; see `muonScale`. */
  readonly scale: number;
  readonly decays: boolean;
}

/** How the rate follows the shape: Jordan's √max(1, out / in), or the 0.2 √max(out, in) that moves as far as AdamW (Liu et al. 2025). */
export function muonScale(adjust: "original" | "match_rms_adamw", [rows, columns]: readonly [number, number]): number {
  return adjust === "original" ? Math.sqrt(Math.max(1, rows / columns)) : 0.2 * Math.sqrt(Math.max(rows, columns));
}

/** One step, with clipping, in place.  param, grad, m: [out · in at least]; what lies behind the matrix is left alone */
export function muon(
  g: Graph,
  { param, grad, m, norm, step }: SgdTensors,
  { shape, momentum, scale, decays }: MuonOptions,
): void {
  const [rows, columns] = shape;
  const flipped = rows > columns;
  const [R, K] = [Math.ceil(Math.min(rows, columns) / 8) * 8, Math.ceil(Math.max(rows, columns) / 4) * 4];
  const place = { ROWS: rows, COLUMNS: columns, WIDE: K, FLIPPED: flipped ? 1 : 0 };
  const x = temp(g, [R, K]);
  const moving = { reads: { grad, norm, step }, writes: { m, x } };
  call(g, "muon.momentum", moving, { ...place, MOMENTUM: momentum }, gridOf(R * K));
  const length = temp(g, [1]);
  globalNorm(g, x, length);
  call(g, "muon.normalise", { reads: { length }, writes: { y: x } }, {}, gridOf((R * K) / 4));
  const direction = orthogonal(g, x);
  const writing = { reads: { direction, step }, writes: { param } };
  call(g, "muon.update", writing, { ...place, SCALE: scale, DECAYS: decays ? 1 : 0 }, gridOf(rows * columns));
}

/** x: [R, K], R a multiple of 8, K of 4, of length 1 → the same with singular values near 1 */
function orthogonal(g: Graph, x: Tensor): Tensor {
  let made = x;
  for (let i = 0; i < STEPS; i++) {
    const gram = multiply(g, made, made); // [R, R]
    const square = multiply(g, gram, gram); // [R, R]: gram is symmetric
    mix(g, gram, square, B, C);
    const next = multiplyBackward(g, square, made, made.shape);
    mix(g, made, next, A, 1);
    made = next;
  }
  return made;
}

/** z = alpha a + beta z */
function mix(g: Graph, a: Tensor, z: Tensor, alpha: number, beta: number): void {
  call(g, "muon.mix", { reads: { a }, writes: { z } }, { ALPHA: alpha, BETA: beta }, gridOf(elements(z.shape) / 4));
}
