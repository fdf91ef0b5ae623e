/**
 * The optimizers: each is a kernel that updates the one flat buffer of parameters, and the buffers that it keeps beside
 * it. What those are called, and how long they are, is all that the ledger, a checkpoint and a resumed run know of it.
 */
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { adamw } from "@/ops/adamw";
import { sgd } from "@/ops/sgd";
import type { Recipe } from "@/train/recipe";

export type OptimizerKind = Recipe["optimizer"]["kind"];

/** A stretch of the parameters: [n] each, n a multiple of 4. */
export interface Stretch {
  readonly param: Tensor;
  readonly grad: Tensor;
  /** What the optimizer keeps of this stretch, by name. */
  readonly state: (name: string) => Tensor;
  /** [1], of the whole gradient before clipping */
  readonly norm: Tensor;
  readonly step: Tensor;
  /** Multiplies the Step's learning rate. */
  readonly ratio: number;
  /** Whether weight decay pulls at it. */
  readonly decays: boolean;
}

interface Optimizer {
  /** 32-bit words of each buffer that it keeps for so many parameters. */
  readonly state: Readonly<Record<string, (parameters: number) => number>>;
  update(g: Graph, stretch: Stretch): void;
}

const one = (parameters: number) => parameters;

export const OPTIMIZERS: Readonly<Record<OptimizerKind, Optimizer>> = {
  adamw: {
    state: { m: one, v: one },
    update: (g, { state, ratio, decays, ...rest }) =>
      adamw(g, { ...rest, m: state("m"), v: state("v") }, { ratio, decays }),
  },
  sgd: {
    state: { m: one },
    update: (g, { state, ratio, decays, ...rest }) => sgd(g, { ...rest, m: state("m") }, { ratio, decays }),
  },
};

/** What an optimizer keeps, by name, as 32-bit words whatever they mean. */
export type OptimizerState = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** Words of everything that it keeps for so many parameters, by name. */
export function stateWords(kind: OptimizerKind, parameters: number): Map<string, number> {
  return new Map(Object.entries(OPTIMIZERS[kind].state).map(([name, words]) => [name, words(parameters)]));
}

export function stateBytes(kind: OptimizerKind, parameters: number): number {
  return 4 * [...stateWords(kind, parameters).values()].reduce((a, b) => a + b, 0);
}
