/**
 * The bytes of a run by purpose, from shapes alone: what will be allocated is known before anything is. Programs are
 * traced without a device, so the numbers are those of the buffers that will really be made.
 */
import { bucketOf } from "@/data/pack";
import { AppError } from "@/errors";
import { slotBytes } from "@/graph/plan";
import { bytesBeside } from "@/graph/slots";
import { STEP_BYTES } from "@/graph/step";
import type { Activations, TargetLimits, WeightFormat } from "@/graph/target";
import type { Architecture } from "@/model/architecture";
import { cacheBytes, type GeneratorShape } from "@/model/generate";
import { normBuffers } from "@/model/magnitudes";
import { ropeBytes } from "@/model/runtime";
import { trainableOf } from "@/model/trainable";
import { type Formats, formatLabel, modelTensors, weightBytes } from "@/model/weights";
import type { MethodWork } from "@/session/method";
import { stateBytes, updatingOf } from "@/train/optimizers";
import { inputBytes } from "@/train/passes";
import { optimizerProgram, passProgram } from "@/train/programs";
import type { Recipe } from "@/train/recipe";
import type { MemoryLine, MemoryPlan } from "@/worker/api/device";

/** What a run will hold at its largest: a batch, and the cache of the samples that are answered in between. */
export interface Workload extends MethodWork {
  readonly samples: GeneratorShape;
  /** By default f32. */
  readonly activations?: Activations;
}

/** All that may be allocated; and, where they are known, the bounds of one buffer. */
export type MemoryLimits = Pick<TargetLimits, "memoryBudget"> & Partial<TargetLimits>;

export function memoryPlan(
  arch: Architecture,
  formats: Formats,
  recipe: Recipe,
  work: Workload,
  limits: MemoryLimits,
): MemoryPlan {
  const budget = limits.memoryBudget;
  const lines = ledger(arch, formats, recipe, work);
  const total = sum(lines);
  const tooLong = longBuffer(arch, recipe, limits);
  if (tooLong) return { lines, total, budget, fits: false, ...tooLong };
  const fits = total <= budget;
  if (fits) return { lines, total, budget, fits, reason: "", advice: "" };
  const reason = `This run needs ${mb(total)}; the device gives ${mb(budget)}.`;
  return { lines, total, budget, fits, reason, advice: advice(arch, formats, recipe, work, budget) };
}

/** What is trained is one buffer, which the norm of its gradient binds whole. */
function longBuffer(
  arch: Architecture,
  recipe: Recipe,
  { maxBufferBytes = Number.POSITIVE_INFINITY, maxBindingBytes = Number.POSITIVE_INFINITY }: MemoryLimits,
): Pick<MemoryPlan, "reason" | "advice"> | undefined {
  const largest = Math.min(maxBufferBytes, maxBindingBytes);
  const bytes = (full: Recipe["full"]) => trainableOf(arch, { ...recipe, full }).length * 4;
  const needed = bytes(recipe.full);
  if (needed <= largest) return undefined;
  const reason = `What is trained lies in one buffer of ${mb(needed)}; this device binds at most ${mb(largest)} at once.`;
  if (recipe.trains === "lora") return { reason, advice: "Choose a lower rank, or fewer targets." };
  const last = (layers: number) => Array.from({ length: layers }, (_, i) => `*layers.${arch.layers - layers + i}.*`);
  let layers = arch.layers;
  while (layers > 0 && bytes({ ...recipe.full, train: last(layers), freeze: [] }) > largest) layers--;
  const some =
    layers > 0 ? `the last ${layers} of ${arch.layers} layers alone (full.train: ${last(layers)[0]} …), or ` : "";
  return { reason, advice: `It fits with ${some}an adapter (LoRA).` };
}

function ledger(arch: Architecture, formats: Formats, recipe: Recipe, work: Workload): MemoryLine[] {
  const { largest, samples, head, sampler, activations } = work;
  const tensors = modelTensors(arch, formats);
  const layout = trainableOf(arch, recipe);
  const what = layout.kind === "full" ? "trained weights" : "adapter";
  const program = passProgram({ arch, tensors, layout, head, activations }, largest, true);
  const updating = updatingOf(recipe);
  const scratch = bytesBeside(program.slots, optimizerProgram(arch, layout, updating).slots);
  const flat = layout.length * 4;
  const inputs = Object.values(inputBytes(largest)).reduce((a, b) => a + b, 0);
  return [
    { name: `base weights (${formatLabel(tensors)})`, bytes: weightBytes(tensors) },
    { name: what, bytes: flat },
    { name: "gradients", bytes: flat },
    { name: "optimizer moments", bytes: stateBytes(updating, layout) },
    { name: "activations and logits", bytes: slotBytes(program) },
    ...(recipe.optimizer.kind === "muon" ? [{ name: "matrices that Muon makes orthogonal", bytes: scratch }] : []),
    ...(work.adapterCopies > 0 ? [{ name: `${what} at the start`, bytes: flat * work.adapterCopies }] : []),
    ...(sampler ? [{ name: "key/value cache of the sampler", bytes: cacheBytes(arch, sampler) }] : []),
    { name: "key/value cache of samples", bytes: cacheBytes(arch, samples) },
    ...normBuffers(layout).map(([, bytes]) => ({ name: "lengths of rows (DoRA)", bytes: 2 * bytes })),
    { name: "batch and tables", bytes: inputs + ropeBytes(arch) + STEP_BYTES },
  ];
}

const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const sum = (lines: readonly MemoryLine[]) => lines.reduce((total, { bytes }) => total + bytes, 0);

const NARROWER = { f16: "half precision (f16)", q8_0: "8 bits (int8)", nf4: "4 bits (nf4)" } as const;

/** The nearest settings that fit, in words: a shorter token axis, else a narrower base. */
function advice(arch: Architecture, formats: Formats, recipe: Recipe, work: Workload, budget: number): string {
  for (let half = work.largest.tokens / 2; half >= 64; half /= 2) {
    const tokens = bucketOf(half);
    if (sum(ledger(arch, formats, recipe, { ...work, largest: { tokens, labels: tokens } })) > budget) continue;
    const perRow = Math.floor(tokens / recipe.batch.size);
    return perRow >= 16
      ? `${tokens} tokens a batch fit: set the maximum length to ${perRow}, or a smaller batch with more accumulation.`
      : `${tokens} tokens a batch fit: set the batch to 1 and accumulate instead.`;
  }
  for (const [narrower, words] of Object.entries(NARROWER)) {
    if (sum(ledger(arch, narrower as WeightFormat, recipe, work)) <= budget)
      return `It fits with the base kept in ${words}.`;
  }
  for (const [change, words] of smaller(recipe)) {
    if (sum(ledger(arch, formats, change, work)) <= budget) return words;
  }
  return "Even the shortest batch does not fit: choose a smaller model.";
}

/** Of weights that learn themselves: what costs less. */
function smaller(recipe: Recipe): (readonly [Recipe, string])[] {
  if (recipe.trains !== "full") return [];
  return [
    [
      { ...recipe, optimizer: { ...recipe.optimizer, kind: "adamw8" } },
      "It fits with AdamW's moments kept in 8 bits (adamw8).",
    ],
    [{ ...recipe, optimizer: { ...recipe.optimizer, kind: "sgd" } }, "It fits with SGD, which keeps half as much."],
    [{ ...recipe, trains: "lora" }, "It fits as an adapter (LoRA), or with most weights frozen."],
  ];
}

/** Throws AppError "memory/over-budget" before anything of the run is allocated. */
export function requireFit({ fits, reason, advice }: MemoryPlan): void {
  if (!fits) throw new AppError("memory/over-budget", reason, { hint: advice });
}
