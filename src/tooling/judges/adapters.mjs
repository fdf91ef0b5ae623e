/** Judges of adapters: scores, training by every setting, and the losses of SFT and DPO, step by step as PEFT's and TRL's. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { ACCEPT, CPU, FIXTURES, fixture, GPU, lastObject, sum } from "./common.mjs";

/** Tiny models whose scores are told by PyTorch: [{ name, scores: [{ data, loss, maxLength }] }]. */
function tinyModels() {
  const folders = readdirSync(join(ROOT, FIXTURES)).filter((name) =>
    existsSync(join(ROOT, FIXTURES, name, "golden.json")),
  );
  return folders.map((name) => {
    const { scores = [] } = JSON.parse(readFileSync(join(ROOT, FIXTURES, name, "golden.json"), "utf8"));
    return { name, scores };
  });
}

/** Two optimizer settings that together reach every term: decay, clipping, warm-up, accumulation. */
const RECIPES = {
  plain: {
    data: { holdout: 0, maxLength: 128 },
    lora: { rank: 4, alpha: 8 },
    optimizer: { learningRate: 5e-3 },
    schedule: { kind: "linear", steps: 12 },
    batch: { size: 2, accumulate: 1 },
  },
  long: {
    data: { holdout: 0, maxLength: 128 },
    lora: { rank: 4, alpha: 8 },
    optimizer: { learningRate: 2e-3 },
    schedule: { kind: "cosine", warmup: 5, steps: 50 },
    batch: { size: 2, accumulate: 2 },
  },
  dora: {
    data: { holdout: 0, maxLength: 128 },
    lora: { rank: 6, alpha: 9, useDora: true, rankPattern: { down_proj: 4 }, alphaPattern: { v_proj: 3 } },
    optimizer: { learningRate: 5e-3, weightDecay: 0.05 },
    schedule: { kind: "cosine", warmup: 2, steps: 20 },
    batch: { size: 2, accumulate: 2 },
  },
  sgd: {
    data: { holdout: 0, maxLength: 128 },
    lora: { rank: 4, alpha: 8 },
    optimizer: { kind: "sgd", learningRate: 0.2, momentum: 0.8, weightDecay: 0.01, maxGradNorm: 0.5 },
    schedule: { kind: "linear", warmup: 2, steps: 12 },
    batch: { size: 2, accumulate: 1 },
  },
  accumulated: {
    data: { holdout: 0, maxLength: 128 },
    lora: {
      ...{ rank: 8, alpha: 8, useRslora: true, plusRatio: 4 },
      rankPattern: { down_proj: 4, "layers.0.self_attn.q_proj": 6 },
      alphaPattern: { v_proj: 3 },
    },
    optimizer: { learningRate: 2e-3, weightDecay: 0.1, maxGradNorm: 0.5 },
    schedule: { kind: "warmup_stable_decay", warmup: 2, steps: 12, minimum: 0.1, decay: 5 },
    batch: { size: 1, accumulate: 2 },
  },
};

/** Every row's loss and count of labels, with the adapter or without. */
const scoreCheck = (model, { data, loss, maxLength }, adapted, device) => ({
  name: `score ${model} ${data.replace(/^rows\/|\.jsonl$/g, "")} ${loss}${adapted ? " adapter" : ""} ${device[1]}`,
  run: async ({ burnish, judge, file }) => {
    const adapter = adapted ? ["--adapter", fixture(`${model}/adapter`)] : [];
    const how = ["--loss", loss, "--max-length", String(maxLength)];
    const subject = ["--model", fixture(model), "--data", fixture(data), ...adapter, ...how];
    const scores = file("scores.jsonl", await burnish("score", ...subject, ...device));
    return judge("check_score.py", ...subject, "--compare", scores);
  },
});

/** Every step's loss and gradient norm, then the exported adapter in real PEFT: keys, values, texts, scores. */
const trainCheck = (model, data, kind, device) => ({
  name: `train and export ${model} ${data} ${kind} ${device[1]}`,
  run: async ({ burnish, judge, file, path }) => {
    const recipe = file("recipe.json", JSON.stringify(RECIPES[kind]));
    const out = path("adapter");
    const base = ["--model", fixture(model)];
    const rows = ["--data", fixture(`rows/${data}.jsonl`)];
    const length = ["--max-length", String(RECIPES[kind].data.maxLength)];
    const training = [...base, ...rows, "--recipe", recipe, "--out", out, "--record", ...ACCEPT, ...device];
    const steps = file("steps.jsonl", await burnish("train", ...training));
    const start = ["--order", join(out, "order.json"), "--init", join(out, "initial"), "--recipe", recipe];
    const trained = await judge("check_train.py", ...base, ...rows, ...start, "--compare", steps, "--final", out);

    const greedy = [];
    for (const prompt of ["Colour of the sky? ", "The ", "Two and two: "]) {
      const options = ["--adapter", out, "--prompt", prompt, "--max-tokens", "16", ...device];
      greedy.push({ prompt, text: lastObject(await burnish("generate", ...base, ...options)).text, maxTokens: 16 });
    }
    const answers = ["--greedy", file("greedy.json", JSON.stringify(greedy))];
    const scored = await burnish("score", ...base, ...rows, "--adapter", out, ...length, ...device);
    const scores = ["--scores", file("scores.jsonl", scored)];
    return sum(
      trained,
      await judge("check_adapter.py", ...base, "--adapter", out, ...answers, ...rows, ...scores, ...length),
    );
  },
});

/** Loss, gradient norm and rate of 50 steps against TRL's own SFTTrainer. */
const sftCheck = (lossType, steps, device) => ({
  name: `sft ${lossType} ${device[1]}`,
  run: async ({ burnish, judge, file, path }) => {
    const recipe = { ...RECIPES.long, sft: { lossType }, schedule: { ...RECIPES.long.schedule, steps } };
    const out = path("adapter");
    const base = ["--model", fixture("llama-gqa"), "--data", fixture("rows/prompt-completion.jsonl")];
    const training = [...base, "--recipe", file("recipe.json", JSON.stringify(recipe)), "--out", out, "--record"];
    const lines = file("steps.jsonl", await burnish("train", ...training, ...ACCEPT, ...device));
    const start = ["--order", join(out, "order.json"), "--init", join(out, "initial")];
    return judge("check_sft.py", ...base, ...start, "--recipe", join(out, "recipe.json"), "--compare", lines);
  },
});

/** Loss, gradient norm and rewards of each step against TRL's own DPOTrainer, one recipe per loss type. */
const DPO_LOSSES = { sigmoid: 30, robust: 6, hinge: 6, ipo: 6, apo_zero: 6, apo_down: 6 };
const dpoCheck = (lossType, device) => ({
  name: `dpo ${lossType} ${device[1]}`,
  run: async ({ burnish, judge, file, path }) => {
    const recipe = {
      method: "dpo",
      data: { holdout: 0, maxLength: 128 },
      lora: { rank: 4, alpha: 8 },
      optimizer: { learningRate: 3e-3 },
      schedule: { kind: "linear", steps: DPO_LOSSES[lossType] },
      batch: { size: 2, accumulate: 2 },
      dpo: { lossType, beta: 0.3, labelSmoothing: 0.1, precomputeReference: lossType === "robust" },
    };
    const out = path("adapter");
    const base = ["--model", fixture("llama-gqa"), "--data", fixture("rows/preference.jsonl")];
    const training = [...base, "--recipe", file("recipe.json", JSON.stringify(recipe)), "--out", out, "--record"];
    const steps = file("steps.jsonl", await burnish("train", ...training, ...device));
    const start = ["--order", join(out, "order.json"), "--init", join(out, "initial")];
    return judge("check_dpo.py", ...base, ...start, "--recipe", join(out, "recipe.json"), "--compare", steps);
  },
});

export const adapterChecks = [
  ...tinyModels().flatMap(({ name, scores }) => [
    ...scores.slice(0, 1).map((score) => scoreCheck(name, score, false, GPU)),
    ...scores.map((score) => scoreCheck(name, score, true, GPU)),
    ...scores.slice(0, 1).map((score) => scoreCheck(name, score, true, CPU)),
  ]),
  trainCheck("llama-gqa", "prompt-completion", "plain", GPU),
  trainCheck("llama-untied", "messages", "accumulated", GPU),
  trainCheck("llama-wide-head", "text", "accumulated", GPU),
  trainCheck("llama-gqa", "prompt-completion", "plain", CPU),
  trainCheck("llama-untied", "messages", "long", CPU),
  trainCheck("llama-gqa", "prompt-completion", "sgd", CPU),
  trainCheck("llama-untied", "messages", "dora", GPU),
  trainCheck("llama-gqa", "prompt-completion", "dora", CPU),
];

export const lossChecks = [
  sftCheck("nll", 50, CPU),
  sftCheck("dft", 12, CPU),
  ...Object.keys(DPO_LOSSES).map((lossType) => dpoCheck(lossType, CPU)),
  dpoCheck("sigmoid", GPU),
];
