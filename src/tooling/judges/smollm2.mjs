/**
 * SmolLM2-135M-Instruct among the judges' checks: transformers reads the same file and says logits, greedy words and ids;
 * then the command line trains on it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { smollm2 } from "../smollm2.mjs";

const lines = (text) =>
  text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
const one = (passed, what) => {
  console.log(`${passed ? "ok    " : "WRONG "} ${what}`);
  return { passed: passed ? 1 : 0, failed: passed ? 0 : 1 };
};

/** Logits and greedy words of five chat prompts, ids of awkward texts, on every engine. */
export const smollm2Answers = {
  name: "SmolLM2-135M: logits, words and ids as transformers'",
  run: async ({ run, python, path, vitest }) => {
    const file = await smollm2(run, python);
    const golden = path("golden.safetensors");
    await run(python, [join("e2e", "oracle", "check_gguf.py"), file, golden]);
    return vitest("src/model/gguf.gpu.test.ts", { BURNISH_SMOLLM2: file, BURNISH_SMOLLM2_GOLDEN: golden });
  },
};

/** Twenty steps lower the held-out loss; the memory is what the plan said; two steps are the same on the GPU's kernels. */
export const smollm2Training = {
  name: "SmolLM2-135M: trains, within its plan, alike on both engines",
  run: async ({ run, python, burnish, file, path }) => {
    const model = await smollm2(run, python);
    const rows = (part, count) =>
      readFileSync(join(ROOT, "public", "datasets", `commands.${part}.jsonl`), "utf8")
        .split("\n")
        .slice(0, count)
        .join("\n");
    const data = ["--model", model, "--data", file("train.jsonl", rows("train", 160)), "--seed", "1"];
    const held = ["--eval", file("eval.jsonl", rows("eval", 24))];
    const train = (device, ...more) =>
      burnish("train", ...data, "--out", path(`smol-${device}`), "--device", device, ...more);

    const long = lines(await train("cpu", ...held, "--steps", "20", "--batch", "6", "--lr", "5e-4"));
    const done = long.at(-1);
    const { forecast, peak } = done.memory;
    const share = peak / forecast;
    const first = lines(await train("cpu", "--steps", "2", "--batch", "2"));
    const second = lines(await train("webgpu", "--steps", "2", "--batch", "2"));
    const losses = (events) => events.filter(({ type }) => type === "step").map(({ loss }) => loss);
    const apart = Math.max(...losses(first).map((loss, i) => Math.abs(losses(second)[i] - loss) / loss));
    const results = [
      one(done.evalLossAfter < done.evalLossBefore, `held-out loss ${done.evalLossBefore} → ${done.evalLossAfter}`),
      one(share < 1.15 && share > 0.5, `peak ${peak} bytes, ${(100 * share).toFixed(1)} % of the plan`),
      one(losses(second).length === 2 && apart < 1e-3, `two steps on both engines: ${apart.toExponential(1)} apart`),
    ];
    return { passed: results.filter((r) => r.passed).length, failed: results.filter((r) => r.failed).length };
  },
};
