/**
 * The optimizers: each is a kernel that updates the one flat buffer of parameters, and the buffers that it keeps beside
 * it. What those are called, and how long they are, is all that the ledger, a checkpoint and a resumed run know of it.
 */
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { adamw } from "@/ops/adamw";
import { adamw8, BLOCK } from "@/ops/adamw8";
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
  /** The buffers that it keeps, and how many parameters share one of their 32-bit words. */
  readonly state: Readonly<Record<string, number>>;
  update(g: Graph, stretch: Stretch): void;
}

export const OPTIMIZERS: Readonly<Record<OptimizerKind, Optimizer>> = {
  adamw: {
    state: { m: 1, v: 1 },
    update: (g, { state, ratio, decays, ...rest }) =>
      adamw(g, { ...rest, m: state("m"), v: state("v") }, { ratio, decays }),
  },
  adamw8: {
    state: { m_codes: 4, v_codes: 4, m_largest: BLOCK, v_largest: BLOCK },
    update: (g, { state, ratio, decays, ...rest }) => {
      const codes = { m_codes: state("m_codes"), v_codes: state("v_codes") };
      const largest = { m_largest: state("m_largest"), v_largest: state("v_largest") };
      adamw8(g, { ...rest, ...codes, ...largest }, { ratio, decays });
    },
  },
  sgd: {
    state: { m: 1 },
    update: (g, { state, ratio, decays, ...rest }) => sgd(g, { ...rest, m: state("m") }, { ratio, decays }),
  },
};

/** What an optimizer keeps, by name, as 32-bit words whatever they mean. */
export type OptimizerState = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** Slices are bound at multiples of so many words. */
const ALIGN = 64;
/** Stretches that a run may have at most, each with words of its own. */
const STRETCHES = 3;

/** Words of a stretch's own slice, for so many parameters of which `sharing` share a word. */
export function sliceWords(parameters: number, sharing: number): number {
  return sharing === 1 ? parameters : Math.ceil(parameters / sharing / ALIGN) * ALIGN;
}

/** Words of everything that it keeps for so many parameters, by name. */
export function stateWords(kind: OptimizerKind, parameters: number): Map<string, number> {
  const words = (sharing: number) => sliceWords(parameters, sharing) + (sharing === 1 ? 0 : STRETCHES * ALIGN);
  return new Map(Object.entries(OPTIMIZERS[kind].state).map(([name, sharing]) => [name, words(sharing)]));
}

export function stateBytes(kind: OptimizerKind, parameters: number): number {
  return 4 * [...stateWords(kind, parameters).values()].reduce((a, b) => a + b, 0);
}
