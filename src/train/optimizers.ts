/**
 * The optimizers: each is a kernel or some that update a stretch of the one flat buffer of parameters, and the buffers that
 * it keeps beside it. What those are called, and how long they are, is all that the ledger, a checkpoint and a resumed
 * run know of it.
 */
import { AppError } from "@/errors";
import type { Graph } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { matrixStretches, type Stretch, stretchesOf, type Trainable } from "@/model/trainable";
import { adamw } from "@/ops/adamw";
import { adamw8, BLOCK } from "@/ops/adamw8";
import { muon, muonScale } from "@/ops/muon";
import { sgd } from "@/ops/sgd";
import type { Recipe } from "@/train/recipe";

type OptimizerKind = Recipe["optimizer"]["kind"];

/** What of a recipe the optimizer's program is made of; all else is in the Step. */
export interface Updating {
  readonly optimizer: OptimizerKind;
  /** See `stretchesOf`. */
  readonly plusRatio: number;
  readonly muon?: Muon;
}

interface Muon {
  readonly momentum: number;
  readonly adjust: Recipe["optimizer"]["adjustLearningRate"];
  /** Rate of what is no matrix of a hidden layer, as a multiple. */
  readonly otherRatio: number;
}

export const PLAIN: Updating = { optimizer: "adamw", plusRatio: 1 };

export function updatingOf({ optimizer, lora }: Pick<Recipe, "optimizer" | "lora">): Updating {
  const { kind, learningRate, otherLearningRate, muonMomentum, adjustLearningRate } = optimizer;
  const otherRatio = otherLearningRate === 0 ? 1 : otherLearningRate / learningRate;
  const muon = { momentum: muonMomentum, adjust: adjustLearningRate, otherRatio };
  return { optimizer: kind, plusRatio: lora.plusRatio, ...(kind === "muon" ? { muon } : {}) };
}

/** Throws AppError "usage" where the recipe's optimizer cannot train what it trains. */
export function requireMatrices({ trains, optimizer }: Pick<Recipe, "trains" | "optimizer">): void {
  if (trains === "full" || optimizer.kind !== "muon") return;
  throw new AppError(
    "usage",
    "Muon is for full training: it turns whole matrices, and an adapter has thin halves of them.",
    {
      hint: 'Train everything (--full, or trains "full" in the recipe), or take AdamW.',
    },
  );
}

/** The tensors of a stretch: [n] each, n a multiple of 4. */
interface StretchTensors extends Stretch {
  readonly param: Tensor;
  readonly grad: Tensor;
  /** What the optimizer keeps of this stretch, by name. */
  readonly state: (name: string) => Tensor;
  /** [1], of the whole gradient before clipping */
  readonly norm: Tensor;
  readonly step: Tensor;
}

interface Optimizer {
  /** The buffers that it keeps of such a stretch, and how many parameters share one of their 32-bit words. */
  keeps(stretch: Pick<Stretch, "matrix">): Readonly<Record<string, number>>;
  update(g: Graph, stretch: StretchTensors, updating: Updating): void;
}

export const OPTIMIZERS: Readonly<Record<OptimizerKind, Optimizer>> = {
  adamw: {
    keeps: () => ({ m: 1, v: 1 }),
    update: updateAdamw,
  },
  adamw8: {
    keeps: () => ({ m_codes: 4, v_codes: 4, m_largest: BLOCK, v_largest: BLOCK }),
    update: (g, { param, grad, norm, step, state, ratio, decays }) => {
      const codes = { m_codes: state("m_codes"), v_codes: state("v_codes") };
      const largest = { m_largest: state("m_largest"), v_largest: state("v_largest") };
      adamw8(g, { param, grad, norm, step, ...codes, ...largest }, { ratio, decays });
    },
  },
  sgd: {
    keeps: () => ({ m: 1 }),
    update: (g, { param, grad, norm, step, state, ratio, decays }) =>
      sgd(g, { param, grad, norm, step, m: state("m") }, { ratio, decays }),
  },
  muon: {
    keeps: ({ matrix }): Record<string, number> => (matrix ? { m: 1 } : { m: 1, v: 1 }),
    update: (g, stretch, { muon: settings }) => {
      if (!settings) throw new Error("internal: Muon without its settings");
      const { matrix, param, grad, norm, step, state, ratio, decays } = stretch;
      if (!matrix) return updateAdamw(g, { ...stretch, ratio: ratio * settings.otherRatio });
      const scale = ratio * muonScale(settings.adjust, matrix);
      const options = { shape: matrix, momentum: settings.momentum, scale, decays };
      muon(g, { param, grad, norm, step, m: state("m") }, options);
    },
  },
};

function updateAdamw(g: Graph, { param, grad, norm, step, state, ratio, decays }: StretchTensors): void {
  adamw(g, { param, grad, norm, step, m: state("m"), v: state("v") }, { ratio, decays });
}

export function stretchesFor(layout: Trainable, { optimizer, plusRatio }: Updating): Stretch[] {
  return optimizer === "muon" && layout.kind === "full" ? matrixStretches(layout) : stretchesOf(layout, plusRatio);
}

/** What an optimizer keeps, by name, as 32-bit words whatever they mean. */
export type OptimizerState = Readonly<Record<string, Float32Array<ArrayBuffer>>>;

/** Slices are bound at multiples of so many words. */
const ALIGN = 64;

/** Words of a stretch's own slice, for so many parameters of which `sharing` share a word. */
export function sliceWords(parameters: number, sharing: number): number {
  return sharing === 1 ? parameters : Math.ceil(parameters / sharing / ALIGN) * ALIGN;
}

/** Words of everything that it keeps, by name. */
export function stateWords(updating: Updating, layout: Trainable): Map<string, number> {
  const words = new Map<string, number>();
  for (const stretch of stretchesFor(layout, updating)) {
    for (const [name, sharing] of Object.entries(OPTIMIZERS[updating.optimizer].keeps(stretch))) {
      words.set(name, (words.get(name) ?? 0) + sliceWords(stretch.to - stretch.from, sharing));
    }
  }
  return words;
}

export function stateBytes(updating: Updating, layout: Trainable): number {
  return 4 * [...stateWords(updating, layout).values()].reduce((a, b) => a + b, 0);
}
