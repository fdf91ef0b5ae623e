/**
 * Judges of what leaves Burnish: ONNX in onnxruntime and in the real transformers.js, the model card by huggingface_hub,
 * train.py in TRL and PEFT, and the Hub's protocol by huggingface_hub.
 */
import { join } from "node:path";
import { ACCEPT, CPU, fixture, sum } from "./common.mjs";
import { converters } from "./llama-cpp.mjs";

/** Tuned, in onnxruntime: logits of PEFT's merged model; as 32-bit floats also the words of the real transformers.js. */
const onnxCheck = (model, quant, tolerance) => ({
  name: `onnx ${model} ${quant}`,
  run: async ({ burnish, judge, file, path, node }) => {
    const subject = ["--model", fixture(model), "--adapter", fixture(`${model}/adapter`)];
    const out = path("onnx");
    await burnish("export", ...subject, "--format", "onnx", "--quant", quant, "--out", out, ...CPU);
    const judged = await judge("check_onnx.py", "--onnx", out, ...subject, "--tolerance", tolerance);
    if (quant !== "f32") return judged;
    const cases = [];
    for (const prompt of ["The ", "Two and two: "]) {
      const asked = ["--prompt", prompt, "--max-tokens", "16", ...CPU];
      const lines = (await burnish("generate", ...subject, ...asked)).trim().split("\n");
      const { text } = JSON.parse(lines.at(-1));
      cases.push({ folder: out, dtype: "fp32", prompt, text, maxTokens: 16 });
    }
    const words = await node("check_transformers_js.mjs", file("cases.json", JSON.stringify(cases)));
    return sum(judged, words);
  },
});

/** What `burnish train` leaves: the card's metadata, by huggingface_hub, and a train.py that Python can read. */
const cardCheck = {
  name: "the model card, and train.py beside it",
  run: async ({ burnish, judge, run, python, file, path }) => {
    const subject = ["--model", fixture("llama-gqa"), "--data", fixture("rows/prompt-completion.jsonl")];
    const recipe = { ...JOB, data: { holdout: 0.3, maxLength: 128 } };
    const out = path("adapter");
    const how = ["--recipe", file("recipe.json", JSON.stringify(recipe)), "--out", out, ...ACCEPT];
    await burnish("train", ...subject, ...how, "--compare", ...CPU);
    await run(python, ["-m", "py_compile", join(out, "train.py")]);
    return judge("check_card.py", "--folder", out);
  },
};

const JOB = {
  ...{ lora: { rank: 4, alpha: 8 }, optimizer: { learningRate: 5e-3 }, batch: { size: 2, accumulate: 1 } },
  schedule: { steps: 12 },
};
/** With an import, a name of its own and the column of the rows. */
const VOWELS = `
import re

def share(text):
    return len(re.findall("[aeiou]", text)) / max(1, len(text))

def reward(completions, prompts, answer, **kwargs):
    return [share(text) + (0.5 if wanted in text else 0) for text, wanted in zip(completions, answer)]
`;

/** By method: rows, recipe, and whether the run is killed and converted on the way. */
const JOBS = {
  sft: { rows: "prompt-completion", recipe: { data: { holdout: 0.3 }, evaluate: { every: 4 } }, kill: true },
  // It goes on from an adapter, which is its reference then.
  dpo: {
    rows: "preference",
    recipe: { start: "adapter", schedule: { steps: 8 }, dpo: { beta: 0.3 } },
    start: ["--adapter", fixture("llama-gqa/adapter")],
  },
  grpo: {
    rows: "prompt-completion",
    recipe: {
      schedule: { steps: 3 },
      batch: { size: 2, accumulate: 2 },
      grpo: {
        ...{ numGenerations: 4, maxCompletionLength: 12, numIterations: 2, beta: 0.04, epsilonHigh: 0.28 },
        rewards: [
          ...[{ name: "contains" }, { name: "short", weight: 0.5 }, { name: "regex", pattern: "[a-m]$" }],
          { name: "python", code: VOWELS, weight: 0.25 },
        ],
      },
    },
  },
};

/** A job's folder in real TRL and PEFT, to the end; then its adapter in the command line, token by token as PEFT's. */
const jobCheck = (method) => ({
  name: `job of ${method}: train.py to the end${method === "sft" ? ", killed twice, with a GGUF" : ""}, its adapter here`,
  run: async ({ burnish, judge, run, python, file, path }) => {
    const { rows, recipe, kill, start = [] } = JOBS[method];
    const whole = { ...JOB, method, ...recipe, data: { holdout: 0.2, maxLength: 128, ...recipe.data } };
    const base = ["--model", fixture("llama-gqa")];
    const out = path("job");
    const where = ["--out", out, "--offline", "--flavor", "t4-small"];
    const how = ["--recipe", file("recipe.json", JSON.stringify(whole)), ...where, ...ACCEPT, ...start];
    await burnish("jobs", "script", ...base, "--data", fixture(`rows/${rows}.jsonl`), ...how, ...CPU);
    const more = [];
    const length = ["--max-length", "128"];
    const train = ["--data", join(out, "train.jsonl")];
    if (method === "sft")
      more.push("--tokens", file("tokens.jsonl", await burnish("tokens", ...base, ...train, ...length, ...CPU)));
    if (kill) more.push("--kill", "--llama-cpp", await converters(run, python));
    const ran = await judge("check_job.py", "--job", out, ...base, ...more);
    // Of SFT's rows each method's adapter has a loss.
    const adapter = ["--adapter", join(out, "out", "adapter")];
    const subject = [...base, ...adapter, "--data", fixture("rows/prompt-completion.jsonl"), ...length];
    const scores = file("scores.jsonl", await burnish("score", ...subject, ...CPU));
    const scored = await judge("check_score.py", ...subject, "--compare", scores, "--tolerance", "1e-4");
    return sum(ran, scored);
  },
});

/** Of a recipe for whole weights: train.py to the end; its model here, as plain transformers has it; and as ONNX. */
const fullJobCheck = {
  name: "job of full weights: train.py to the end, its model here and in onnxruntime",
  run: async ({ burnish, judge, file, path }) => {
    const muon = { ...JOB.optimizer, kind: "muon", otherLearningRate: 1e-3 };
    const freeze = { trains: "full", full: { freeze: ["*norm*"] }, optimizer: muon };
    const recipe = { ...JOB, ...freeze, schedule: { steps: 8 }, data: { holdout: 0.3, maxLength: 128 } };
    const base = ["--model", fixture("llama-gqa")];
    const data = ["--data", fixture("rows/prompt-completion.jsonl")];
    const job = path("job");
    const how = ["--recipe", file("recipe.json", JSON.stringify(recipe)), "--out", job, "--flavor", "t4-small"];
    await burnish("jobs", "script", ...base, ...data, ...how, "--offline", ...CPU);
    const ran = await judge("check_job.py", "--job", job, ...base);
    const trained = ["--model", join(job, "out", "model")];
    const subject = [...trained, ...data, "--max-length", "128"];
    const scores = file("scores.jsonl", await burnish("score", ...subject, ...CPU));
    const scored = await judge("check_score.py", ...subject, "--compare", scores, "--tolerance", "1e-4");
    const onnx = path("onnx");
    await burnish("export", ...trained, "--format", "onnx", "--quant", "f32", "--out", onnx, ...CPU);
    const read = await judge("check_onnx.py", "--onnx", onnx, ...trained);
    return {
      passed: ran.passed + scored.passed + read.passed,
      failed: ran.failed + scored.failed + read.failed,
    };
  },
};

/** The graders and statistics that train.py carries. */
const gradersCheck = {
  name: "graders and statistics of train.py are the page's",
  run: ({ judge }) => {
    const cases = (name) => fixture(`graders/${name}.json`);
    return judge("check_graders.py", "--cases", cases("cases"), "--statistics", cases("statistics"));
  },
};

/** The Hub that our tests push to is one for the real client, too. */
const hubCheck = {
  name: "push, and huggingface_hub on the loopback Hub",
  run: ({ python, vitest }) => vitest("src/hub/push.gpu.test.ts", { BURNISH_PYTHON: python }),
};

/** The Jobs server of our tests is one for the real client: run_uv_job by a bucket, logs, metrics, lists, schedules. */
const jobsCheck = {
  name: "huggingface_hub on the loopback Jobs server",
  run: ({ python, vitest }) => vitest("src/hub/jobs.gpu.test.ts", { BURNISH_PYTHON: python }),
};

/** Submitted, cut at its timeout, submitted again, followed, fetched: a run beside one of this machine; and `hf`'s own line. */
const wholeJobCheck = {
  name: "a whole job: real script, loopback Jobs, a run of the list",
  run: ({ python, vitest }) => vitest("src/cli/commands/jobs-whole.gpu.test.ts", { BURNISH_PYTHON: python }),
};

/** What a person does with the folder: uv, Slurm and a notebook read it, before anything is spent. */
const placesCheck = {
  name: "job folders elsewhere: the header by uv, Slurm, the notebook",
  run: async ({ burnish, judge, path }) => {
    const folders = ["lora", "qlora"].map((weights) => [weights, path(weights)]);
    for (const [weights, out] of folders) {
      const rows = ["--data", fixture("rows/prompt-completion.jsonl"), ...ACCEPT];
      const how = ["--weights", weights, "--flavor", "l4x1", "--offline", "--out", out];
      await burnish("jobs", "script", "--model", fixture("llama-gqa"), ...rows, ...how, ...CPU);
    }
    return judge("check_places.py", ...folders.flatMap(([, out]) => ["--job", out]));
  },
};

export const outboundChecks = [
  onnxCheck("llama-gqa", "f32", "1e-3"),
  onnxCheck("llama-gqa", "f16", "2e-2"),
  onnxCheck("llama-gqa", "q8", "0.6"),
  cardCheck,
  jobCheck("sft"),
  jobCheck("dpo"),
  jobCheck("grpo"),
  fullJobCheck,
  placesCheck,
  gradersCheck,
  hubCheck,
  jobsCheck,
  wholeJobCheck,
];
