/**
 * Judges of full fine-tuning, against plain transformers and torch: every gradient of six architectures by one step of
 * plain descent, runs of AdamW with accumulation, decay and frozen weights on both engines, and the bundled model's
 * first fifty steps from scratch. See e2e/oracle/check_full.py.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";

const FIXTURES = join("e2e", "fixtures");
const TEXT = join(FIXTURES, "rows", "text.jsonl");
const WORLD = join("e2e", "oracle", "world");
const ACCEPT = ["--accept", "no-signal,truncated-answers"];

const shared = { trains: "full", data: { holdout: 0, maxLength: 64 }, batch: { size: 3, accumulate: 2 } };
const gradient = {
  ...shared,
  optimizer: { kind: "sgd", learningRate: 1, momentum: 0, maxGradNorm: 0 },
  schedule: { kind: "constant", steps: 1 },
};
const adamw = {
  ...shared,
  optimizer: { learningRate: 1e-3, weightDecay: 0.1, maxGradNorm: 0.5 },
  schedule: { kind: "cosine", warmup: 3, steps: 30 },
};

/** Trains by the command line, and has every step, the start and the written model compared. */
async function compared({ burnish, judge, file, path }, { model, data, recipe, device, name }) {
  const out = path(name);
  const subject = ["--model", model, "--data", data];
  const written = file(`${name}.json`, JSON.stringify(recipe));
  const training = [...subject, "--recipe", written, "--out", out, "--record", "--device", device, ...ACCEPT];
  const steps = file(`${name}.jsonl`, await burnish("train", ...training));
  const start = ["--order", join(out, "order.json"), "--init", join(out, "initial")];
  const folder = model === "bundled:ember" ? join("public", "models", "ember") : model;
  const made = ["--recipe", join(out, "recipe.json"), "--compare", steps, "--final", out];
  return judge("check_full.py", "--model", folder, "--data", data, ...start, ...made);
}

async function inTurn(cases, tools) {
  const total = { passed: 0, failed: 0 };
  for (const one of cases) {
    const { passed, failed } = await compared(tools, one);
    total.passed += passed;
    total.failed += failed;
  }
  return total;
}

export const fullTraining = {
  name: "full fine-tuning: gradients and runs of six architectures",
  run: async (tools) => {
    const root = tools.path("families");
    await tools.run(tools.python, [join("e2e", "oracle", "check_export.py"), "make", root]);
    const made = (family) => join(root, family, "base");
    const tiny = (name) => join(FIXTURES, name);
    const models = [tiny("llama-gqa"), tiny("llama-untied"), ...["qwen2", "qwen3", "gemma3", "llama-biased"].map(made)];
    const frozen = { train: ["*.layers.*"], freeze: ["*.layers.0.*", "*norm*"] };
    return inTurn(
      [
        ...models.map((model, i) => ({ model, data: TEXT, recipe: gradient, device: "cpu", name: `gradient${i}` })),
        { model: made("qwen3"), data: TEXT, recipe: gradient, device: "webgpu", name: "gradient-gpu" },
        { model: tiny("llama-gqa"), data: TEXT, recipe: adamw, device: "cpu", name: "tied" },
        { model: made("qwen2"), data: TEXT, recipe: adamw, device: "webgpu", name: "biases" },
        { model: made("gemma3"), data: TEXT, recipe: { ...adamw, full: frozen }, device: "cpu", name: "frozen" },
      ],
      tools,
    );
  },
};

export const emberFromScratch = {
  name: "the bundled model from scratch: the first fifty steps are PyTorch's",
  run: async (tools) => {
    const data = tools.path("corpus.jsonl");
    await tools.run(tools.python, [join(WORLD, "corpus.py"), "--rows", "400", "--out", data]);
    const whole = JSON.parse(readFileSync(join(WORLD, "ember.json"), "utf8"));
    const short = {
      ...whole,
      schedule: { ...whole.schedule, steps: 50 },
      batch: { size: 8, accumulate: 1 },
      evaluate: { every: 0 },
    };
    return inTurn([{ model: "bundled:ember", data, recipe: short, device: "cpu", name: "ember" }], tools);
  },
};
