/** What a recipe trains, on the open model: how it lies in its buffer, what that begins with, and what files it becomes. */
import { AppError } from "@/errors";
import type { ExportInput } from "@/export/base";
import { initialAdapter, unpackAdapter } from "@/model/adapter";
import { startMagnitudes } from "@/model/magnitudes";
import { type Trainable, trainableOf } from "@/model/trainable";
import { randomWeights, storedWeights, trainedLocated } from "@/model/weight-layout";
import type { LoadedAdapter } from "@/session/answers";
import { exportBase } from "@/session/export-base";
import type { OpenModel } from "@/session/open-model";
import { requireMatrices } from "@/train/optimizers";
import type { Recipe } from "@/train/recipe";
import type { TrainedInfo } from "@/worker/api/trained";

/** Throws AppError "usage" for what does not go together, "recipe/invalid" for a pattern that fits no weight. */
export function layoutFor({ arch }: OpenModel, recipe: Recipe): Trainable {
  if (recipe.start === "scratch" && recipe.trains !== "full") {
    throw new AppError("usage", "An adapter cannot be trained on weights that are random.", {
      hint: 'From scratch everything is trained: --full, or trains "full" in the recipe.',
    });
  }
  if (recipe.trains === "lora" && recipe.lora.useDora && recipe.lora.dropout > 0) {
    throw new AppError("usage", "DoRA is trained without dropout here.", {
      hint: "Set lora.dropout to 0, or lora.useDora to false.",
    });
  }
  requireMatrices(recipe);
  return trainableOf(arch, recipe);
}

/** A fresh adapter, the weights that were opened, or random ones. */
export async function startValues(
  { arch, located, runtime }: OpenModel,
  layout: Trainable,
  recipe: Recipe,
): Promise<Float32Array<ArrayBuffer>> {
  if (layout.kind === "lora") {
    const flat = initialAdapter(layout, recipe.seed, recipe.lora.init);
    await startMagnitudes(runtime, layout, flat);
    return flat;
  }
  if (recipe.start === "scratch") return randomWeights(layout, arch, recipe.seed, recipe.full.initStd);
  return storedWeights(layout, located);
}

/** In a buffer of its own, which the caller frees. */
export async function startOf(model: OpenModel, recipe: Recipe, label: string): Promise<LoadedAdapter> {
  const { target } = model.runtime;
  const layout = layoutFor(model, recipe);
  const values = await startValues(model, layout, recipe);
  const buffer = target.allocate(layout.length * 4, label);
  target.write(buffer, values);
  return { layout, buffer };
}

/** The open model as an export takes it: with an adapter beside it, or with the trained weights in place of its own. */
export async function exportInput(
  model: OpenModel,
  trained: { readonly layout: Trainable; readonly values: Float32Array<ArrayBuffer> } | undefined,
  name: string,
): Promise<ExportInput> {
  const base = await exportBase(model);
  if (!trained) return { base, name };
  const { layout, values } = trained;
  if (layout.kind === "lora") return { base, name, adapter: { ...layout, tensors: unpackAdapter(layout, values) } };
  const located = trainedLocated(layout, values, base.located);
  return { base: { ...base, located, trained: new Set(layout.slots.map((slot) => slot.name)) }, name };
}

export function describeTrained(layout: Trainable): TrainedInfo {
  const { kind } = layout;
  return layout.kind === "lora" ? { kind, rank: layout.rank, alpha: layout.alpha } : { kind, rank: 0, alpha: 0 };
}

/** What lies in the buffer now. */
export async function readTrained({ runtime }: OpenModel, trained: LoadedAdapter) {
  return { layout: trained.layout, values: new Float32Array(await runtime.target.read(trained.buffer)) };
}
