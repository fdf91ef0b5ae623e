/**
 * Judges of what leaves Burnish: ONNX in onnxruntime and in the real transformers.js, the model card by huggingface_hub and
 * its train.py in TRL, and the Hub's protocol by huggingface_hub.
 */
import { join } from "node:path";

const CPU = ["--device", "cpu"];
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

/** What `burnish train` leaves: the card's metadata by huggingface_hub, and train.py in real TRL. */
const cardCheck = {
  name: "model card and train.py",
  run: async ({ burnish, judge, file, path }) => {
    const recipe = {
      data: { holdout: 0.3, maxLength: 128 },
      lora: { rank: 4, alpha: 8 },
      optimizer: { learningRate: 5e-3 },
      schedule: { kind: "linear", steps: 12 },
      batch: { size: 2, accumulate: 1 },
    };
    const data = fixture("rows/prompt-completion.jsonl");
    const subject = ["--model", fixture("llama-gqa"), "--data", data];
    const out = path("adapter");
    const how = ["--recipe", file("recipe.json", JSON.stringify(recipe)), "--compare", "--out", out];
    await burnish("train", ...subject, ...how, ...CPU);
    return judge("check_card.py", "--folder", out, ...subject);
  },
};

/** The Hub that our tests push to is one for the real client, too. */
const hubCheck = {
  name: "push, and huggingface_hub on the loopback Hub",
  run: ({ python, vitest }) => vitest("src/hub/push.gpu.test.ts", { BURNISH_PYTHON: python }),
};

export const outboundChecks = [
  onnxCheck("llama-gqa", "f32", "1e-3"),
  onnxCheck("llama-gqa", "f16", "2e-2"),
  onnxCheck("llama-gqa", "q8", "0.6"),
  cardCheck,
  hubCheck,
];
