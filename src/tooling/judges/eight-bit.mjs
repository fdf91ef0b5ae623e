/**
 * The judges of AdamW with moments of eight bits: every step as bitsandbytes makes it on the same blocks, and how far that
 * is from f32's, on both engines.
 */
import { join } from "node:path";
import { ACCEPT, fixture, sum } from "./common.mjs";

const RECIPE = {
  data: { holdout: 0, maxLength: 128 },
  lora: { rank: 6, alpha: 12, targets: ["q_proj", "o_proj", "up_proj"] },
  optimizer: { kind: "adamw8", learningRate: 2e-3, weightDecay: 0.05, maxGradNorm: 0.5 },
  schedule: { kind: "cosine", warmup: 3, steps: 50 },
  batch: { size: 2, accumulate: 1 },
};
const EXACT = { ...RECIPE, optimizer: { ...RECIPE.optimizer, kind: "adamw" } };

const check = (device) => ({
  name: `adamw8 ${device}`,
  run: async ({ burnish, judge, file, path }) => {
    const recipe = file("recipe.json", JSON.stringify(RECIPE));
    const out = path("adapter");
    const subject = ["--model", fixture("llama-gqa"), "--data", fixture("rows/prompt-completion.jsonl")];
    const training = [...subject, "--recipe", recipe, "--out", out, "--record", ...ACCEPT, "--device", device];
    const steps = file("steps.jsonl", await burnish("train", ...training));
    const start = [...subject, "--order", join(out, "order.json"), "--init", join(out, "initial"), "--compare", steps];
    const same = ["--loss-tolerance", "1e-3", "--norm-tolerance", "5e-3"];
    const near = ["--loss-tolerance", "0.02", "--norm-tolerance", "0.25"];
    const first = await judge("check_train.py", ...start, "--recipe", recipe, ...same);
    const exact = file("exact.json", JSON.stringify(EXACT));
    const second = await judge("check_train.py", ...start, "--recipe", exact, ...near);
    return sum(first, second);
  },
});

export const eightBitMoments = [check("webgpu"), check("cpu")];
