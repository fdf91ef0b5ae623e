/**
 * A PEFT adapter as the state of a run at its end: what a job brings home. What
 * its optimizer kept stayed there, and begins anew.
 */
import { peftConfig, readPeft } from "@/export/peft";
import { adapterLayout, packAdapter } from "@/model/adapter";
import { type Architecture, projectionShape } from "@/model/architecture";
import { stateWords, updatingOf } from "@/train/optimizers";
import type { Recipe } from "@/train/recipe";
import type { TrainingState } from "@/train/state";

/** Throws AppError "adapter/mismatch" that lists what does not fit the model. */
export async function stateOfPeft(
  weights: Uint8Array<ArrayBuffer>,
  step: number,
  arch: Architecture,
  recipe: Pick<Recipe, "lora" | "optimizer">,
): Promise<TrainingState> {
  const { lora } = recipe;
  const layout = adapterLayout(arch, lora);
  const config = new Blob([JSON.stringify(peftConfig(lora, "", undefined))]);
  const files = [
    { name: "adapter_config.json", blob: config },
    { name: "adapter_model.safetensors", blob: new Blob([weights]) },
  ];
  const host = {
    layers: arch.layers,
    shapeOf: (projection: Parameters<typeof projectionShape>[1]) => projectionShape(arch, projection),
  };
  const { tensors } = await readPeft(files, host);
  const adapter = packAdapter(layout, tensors);
  const zeros = [...stateWords(updatingOf(recipe), layout)].map(([name, words]) => [name, new Float32Array(words)]);
  return { step, adapter, optimizer: Object.fromEntries(zeros) };
}
