/**
 * Judges of what leaves Burnish: ONNX in onnxruntime and in the real transformers.js, the model card by huggingface_hub,
 * train.py in TRL, and the Hub's protocol by huggingface_hub.
 */
import { join } from "node:path";

const CPU = ["--device", "cpu"];
/** Two dozen rows are no data set. */
const ACCEPT = "no-signal,truncated-answers";
const fixture = (path) => join("e2e", "fixtures", path);

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
    return { passed: judged.passed + words.passed, failed: judged.failed + words.failed };
  },
});

/** What `burnish train` leaves: train.py in real TRL; of SFT also the card's metadata, by huggingface_hub. */
const SCRIPTED = {
  sft: { rows: "prompt-completion", recipe: { data: { holdout: 0.3 }, schedule: { steps: 12 } } },
  dpo: { rows: "preference", recipe: { schedule: { steps: 8 }, dpo: { beta: 0.3 } } },
  grpo: {
    rows: "prompt-completion",
    recipe: {
      schedule: { steps: 3 },
      batch: { size: 2, accumulate: 2 },
      grpo: {
        ...{ numGenerations: 4, maxCompletionLength: 12, numIterations: 2, beta: 0.04, epsilonHigh: 0.28 },
        rewards: [{ name: "contains" }, { name: "short", weight: 0.5 }, { name: "regex", pattern: "[a-m]$" }],
      },
    },
  },
};
const scriptCheck = (method) => ({
  name: `train.py of ${method}${method === "sft" ? ", and the model card" : ""}`,
  run: async ({ burnish, judge, file, path }) => {
    const { rows, recipe } = SCRIPTED[method];
    const whole = {
      ...{ method, lora: { rank: 4, alpha: 8 }, optimizer: { learningRate: 5e-3 }, batch: { size: 2, accumulate: 1 } },
      ...recipe,
      data: { holdout: 0, maxLength: 128, ...recipe.data },
    };
    const subject = ["--model", fixture("llama-gqa"), "--data", fixture(`rows/${rows}.jsonl`)];
    const out = path("adapter");
    const how = ["--recipe", file("recipe.json", JSON.stringify(whole)), "--out", out, "--accept", ACCEPT];
    await burnish("train", ...subject, ...how, ...(method === "sft" ? ["--compare"] : []), ...CPU);
    const script = await judge("check_script.py", "--folder", out, ...subject);
    if (method !== "sft") return script;
    const card = await judge("check_card.py", "--folder", out);
    return { passed: script.passed + card.passed, failed: script.failed + card.failed };
  },
});

/** Rewards that train.py has as Python functions. */
const rewardsCheck = {
  name: "rewards of train.py are ours",
  run: ({ python, vitest }) => vitest("src/export/script.gpu.test.ts", { BURNISH_PYTHON: python }),
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

export const outboundChecks = [
  onnxCheck("llama-gqa", "f32", "1e-3"),
  onnxCheck("llama-gqa", "f16", "2e-2"),
  onnxCheck("llama-gqa", "q8", "0.6"),
  scriptCheck("sft"),
  scriptCheck("dpo"),
  scriptCheck("grpo"),
  rewardsCheck,
  hubCheck,
  jobsCheck,
];
