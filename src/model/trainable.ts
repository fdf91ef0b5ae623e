/**
 * What a run trains, as one flat buffer: a LoRA adapter beside frozen weights, or the weights themselves. Whoever packs,
 * steps, clips, saves or restores that buffer need not know which.
 */
import { type AdapterLayout, adapterLayout, adapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import type { Decoder } from "@/model/decoder";
import { decoderOf } from "@/model/runtime";
import { trainedTensors, type WeightLayout, weightLayout } from "@/model/weight-layout";
import type { ModelTensors } from "@/model/weights";
import type { Recipe } from "@/train/recipe";

export type Trainable = AdapterLayout | WeightLayout;

/** Throws AppError "recipe/invalid" for a pattern that fits nothing. */
export function trainableOf(
  arch: Architecture,
  { trains, lora, full }: Pick<Recipe, "trains" | "lora" | "full">,
): Trainable {
  return trains === "full" ? weightLayout(arch, full) : adapterLayout(arch, lora);
}

/** The symbols for a trace of the model as trained; without a layout, of the base. With `trained`, gradients are summed. */
export function decoderWith(
  arch: Architecture,
  tensors: ModelTensors,
  layout: Trainable | undefined,
  trained: boolean,
): Decoder {
  if (layout?.kind === "full") return decoderOf(arch, trainedTensors(tensors, layout, trained));
  return decoderOf(arch, tensors, layout && adapterPairs(layout, trained));
}

/** A part of the flat buffer that is updated alike. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
  /** Its learning rate as a multiple of the Step's. */
  readonly ratio: number;
  /** Whether weight decay pulls at it. */
  readonly decays: boolean;
  /** Of a hidden layer's matrix that is a stretch of its own: [outputs, inputs]. */
  readonly matrix?: readonly [number, number];
}

/** One stretch for each matrix of the hidden layers; what lies between two of them stays together. */
export function matrixStretches({ slots, length, firstVector }: WeightLayout): Stretch[] {
  const parts: Stretch[] = [];
  const shared = { ratio: 1, decays: true };
  let from = 0;
  for (const [i, { at, hidden }] of slots.entries()) {
    if (!hidden) continue;
    const to = slots[i + 1]?.at ?? length;
    parts.push({ from, to: at, ...shared }, { from: at, to, ...shared, matrix: hidden });
    from = to;
  }
  parts.push({ from, to: firstVector, ...shared }, { from: firstVector, to: length, ratio: 1, decays: false });
  return parts.filter(({ from, to }) => to > from);
}

/** `plusRatio` is LoRA+'s (Hayou et al. 2024): the second part of an adapter, every B, learns at so many times the rate. */
export function stretchesOf(layout: Trainable, plusRatio: number): Stretch[] {
  const { length } = layout;
  const parts: Stretch[] =
    layout.kind === "full"
      ? [
          { from: 0, to: layout.firstVector, ratio: 1, decays: true },
          { from: layout.firstVector, to: length, ratio: 1, decays: false },
        ]
      : plusRatio === 1
        ? [{ from: 0, to: length, ratio: 1, decays: true }]
        : [
            { from: 0, to: layout.firstB, ratio: 1, decays: true },
            { from: layout.firstB, to: length, ratio: plusRatio, decays: true },
          ];
  return parts.filter(({ from, to }) => to > from);
}
