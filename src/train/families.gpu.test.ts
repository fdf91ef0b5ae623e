/**
 * Every family equals PyTorch and PEFT on tiny random models, one per variant of its config
 * (e2e/oracle/make_architecture_goldens.py), on every target of this machine.
 */
import { describe } from "vitest";
import { targets } from "@/ops/check";
import { openGolden, testGradients, testGreedy, testLogits } from "@/train/goldens";

const MODELS = [
  "llama-scaled",
  "llama-biased",
  "qwen2",
  "qwen2-window",
  "qwen3",
  "qwen3-biased",
  "gemma3",
  "gemma3-classic",
  "olmo2",
  "smollm3",
];

describe.each(MODELS)("%s equals PyTorch", async (name) => {
  describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", async (_, target) => {
    const model = await openGolden(`arch-${name}`, target);
    testLogits(model);
    testGradients(model);
    testGreedy(model);
  });
});
