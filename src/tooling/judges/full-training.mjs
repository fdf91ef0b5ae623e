/**
 * Judges of full fine-tuning, against plain transformers and torch: every gradient of six architectures by one step of
 * plain descent, runs of AdamW with accumulation, decay and frozen weights on both engines, and the bundled model's
 * first steps from scratch. See e2e/oracle/check_full.py.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ACCEPT, FIXTURES } from "./common.mjs";

const TEXT = join(FIXTURES, "rows", "text.jsonl");
const WORLD = join("e2e", "oracle", "world");

/** Of check_export.py's. */
const FAMILIES = ["qwen2", "qwen3", "gemma3", "llama-biased"];
const SCRATCH_STEPS = 20;

const shared = { trains: "full", data: { holdout: 0, maxLength: 64 }, batch: { size: 3, accumulate: 2 } };
const gradient = {
  ...shared,
  optimizer: { kind: "sgd", learningRate: 1, momentum: 0, maxGradNorm: 0 },
  schedule: { kind: "constant", steps: 1 },
};
const adamw = {
  ...shared,
  optimizer: { learningRate: 1e-3, weightDecay: 0.1, maxGradNorm: 0.5 },
  schedule: { kind: "cosine", warmup: 3, steps: 12 },
};

/** Trains each case by the command line, two at a time; one judge compares every step, the start and the written model. */
async function compared({ burnish, judge, file, path }, cases, ...tolerances) {
  const trained = async ({ model, data, recipe, device, name }) => {
    const out = path(name);
    const written = file(`${name}.json`, JSON.stringify(recipe));
    const what = ["--model", model, "--data", data, "--recipe", written, "--device", device];
    const steps = file(`${name}.jsonl`, await burnish("train", ...what, "--out", out, "--record", ...ACCEPT));
    return { name, model: model === "bundled:ember" ? join("public", "models", "ember") : model, data, out, steps };
  };
  const done = [];
  for (let i = 0; i < cases.length; i += 2) done.push(...(await Promise.all(cases.slice(i, i + 2).map(trained))));
  return judge("check_full.py", "--cases", file("cases.json", JSON.stringify(done)), ...tolerances);
}

export const fullTraining = {
  name: "full fine-tuning: gradients and runs of six architectures",
  run: async (tools) => {
    const root = tools.path("families");
    await tools.run(tools.python, [join("e2e", "oracle", "check_export.py"), "make", root, ...FAMILIES]);
    const made = (family) => join(root, family, "base");
    const tiny = (name) => join(FIXTURES, name);
    const models = [tiny("llama-gqa"), tiny("llama-untied"), ...FAMILIES.map(made)];
    const frozen = { train: ["*.layers.*"], freeze: ["*.layers.0.*", "*norm*"] };
    return compared(tools, [
      ...models.map((model, i) => ({ model, data: TEXT, recipe: gradient, device: "cpu", name: `gradient${i}` })),
      { model: made("qwen3"), data: TEXT, recipe: gradient, device: "webgpu", name: "gradient-gpu" },
      { model: tiny("llama-gqa"), data: TEXT, recipe: adamw, device: "cpu", name: "tied" },
      { model: made("qwen2"), data: TEXT, recipe: adamw, device: "webgpu", name: "biases" },
      { model: made("gemma3"), data: TEXT, recipe: { ...adamw, full: frozen }, device: "cpu", name: "frozen" },
    ]);
  },
};

const muon = {
  ...shared,
  optimizer: { kind: "muon", learningRate: 2e-3, weightDecay: 0.1, maxGradNorm: 0.5 },
  schedule: { kind: "cosine", warmup: 3, steps: 20 },
};
const original = { adjustLearningRate: "original", learningRate: 0.02, otherLearningRate: 1e-3, muonMomentum: 0.9 };

export const fullByMuon = {
  name: "full fine-tuning by Muon: 20 steps are torch's, its iteration in f32",
  run: (tools) => {
    const tiny = (name) => join(FIXTURES, name);
    const keller = { ...muon, optimizer: { ...muon.optimizer, ...original } };
    const cases = [
      { model: tiny("llama-gqa"), data: TEXT, recipe: muon, device: "cpu", name: "muon" },
      { model: tiny("llama-untied"), data: TEXT, recipe: keller, device: "webgpu", name: "muon-original" },
    ];
    return compared(tools, cases, "--final-tolerance", "1e-3");
  },
};

export const emberFromScratch = {
  name: `the bundled model from scratch: the first ${SCRATCH_STEPS} steps are PyTorch's`,
  run: async (tools) => {
    const data = tools.path("corpus.jsonl");
    await tools.run(tools.python, [join(WORLD, "corpus.py"), "--rows", "200", "--out", data]);
    const whole = JSON.parse(readFileSync(join(WORLD, "ember.json"), "utf8"));
    const short = {
      ...whole,
      schedule: { ...whole.schedule, warmup: 5, steps: SCRATCH_STEPS },
      batch: { size: 8, accumulate: 1 },
      evaluate: { every: 0 },
    };
    return compared(tools, [{ model: "bundled:ember", data, recipe: short, device: "cpu", name: "ember" }]);
  },
};
