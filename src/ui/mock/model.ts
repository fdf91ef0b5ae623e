/** The model of the mock session, the memory that training it takes, and what is said where it does not open. */
import { AppError } from "@/errors";
import type { MemoryPlan } from "@/worker/api/device";
import type { ModelInfo } from "@/worker/api/model";

export const EMBER: ModelInfo = {
  name: "ember",
  architecture: "llama",
  parameters: 5_243_648,
  layers: 6,
  hidden: 256,
  heads: 8,
  kvHeads: 4,
  headDim: 32,
  vocab: 4096,
  contextLength: 512,
  tied: true,
  weightFormat: "f16",
  weightBytes: 10_487_296,
  chatTemplate: false,
};

export function planOf(big: boolean): MemoryPlan {
  const scale = big ? 60 : 1;
  const sizes = { "Model weights": 10.5e6, Adapter: 0.41e6, Gradients: 0.41e6, "Optimizer moments": 0.83e6 };
  const lines = Object.entries({ ...sizes, Activations: 22.4e6 * scale, "Loss head": 8.4e6 * scale }).map(
    ([name, bytes]) => ({ name, bytes }),
  );
  const total = lines.reduce((sum, line) => sum + line.bytes, 0);
  const budget = big ? 1e9 : 2e9;
  const advice = big ? "A batch of 3, or 96 tokens at the longest, fits." : "";
  const reason = big ? "This run needs more than the device gives." : "";
  return { lines, total, budget, fits: total <= budget, reason, advice };
}

export const noDevice = () =>
  new AppError("device/none", "This browser gives the page no graphics device and no WebAssembly threads.", {
    hint: "Open the page in a current Chrome, Edge, Firefox or Safari, or switch hardware acceleration on.",
  });
export const noConfig = () =>
  new AppError("model/missing-file", "The folder has no config.json.", {
    hint: "Pick the folder that holds config.json, model.safetensors and tokenizer.json.",
  });
