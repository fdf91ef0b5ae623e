/**
 * The judges: PyTorch, transformers, PEFT and TRL say whether the command line's numbers are right. Slow, and needs
 * Python with e2e/oracle/requirements.txt, so `.ci/run` runs it and `npm test` does not.
 *
 *   node src/tooling/oracle.mjs [--python .venv/bin/python] [NAME …]     only checks whose name contains NAME
 *
 * A check prepares files with `burnish` and ends with one command whose last line is `N passed, N failed`. To add one,
 * add an entry to CHECKS.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { ensureBrowser } from "./browser.mjs";
import { buildCli } from "./build-cli.mjs";
import { eightBitMoments } from "./eight-bit.mjs";
import { emberFromScratch, fullByMuon, fullTraining } from "./full-training.mjs";
import { humanEvalByModel, sandboxInBrowser, sandboxInNode } from "./humaneval.mjs";
import { ensureInstalled, PlainError, ROOT, runMain } from "./install.mjs";
import { exportedFamilies, exportsInLlamaCpp, quantisedAsLlamaCpp } from "./llama-cpp.mjs";
import { outboundChecks } from "./outbound.mjs";
import { providerChecks } from "./providers.mjs";
import { realSets } from "./real-sets.mjs";
import { smollm2Answers, smollm2Training } from "./smollm2.mjs";
import { softwareVulkan } from "./software-vulkan.mjs";

const CLI = "src/cli/bin.mjs";
const FIXTURES = join("e2e", "fixtures");
// On the software GPU, so that the same kernels are judged everywhere; the CPU engine has its own checks.
const GPU = ["--device", "webgpu"];
const CPU = ["--device", "cpu"];

const fixture = (path) => join(FIXTURES, path);

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

const selftest = {
  name: "the judges themselves",
  run: ({ judge }) => judge("selftest.py"),
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

/** The fixture's rows hold one that is cut on purpose. */
const ACCEPT = ["--accept", "no-signal,truncated-answers"];

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

/** Ids and labels of rows of every dataset type, under four chat templates, as TRL's own trainers prepare them. */
const dataCheck = {
  name: "data of every type, as TRL prepares it",
  run: async ({ burnish, judge, run, python, file, path }) => {
    const folder = path("data");
    const script = join("e2e", "oracle", "check_data.py");
    await run(python, [script, "--make", folder, "--model", fixture("llama-gqa")]);
    for (const { name, model, method, loss, maxLength } of JSON.parse(
      readFileSync(join(folder, "cases.json"), "utf8"),
    )) {
      const subject = ["--model", join(folder, model), "--data", join(folder, `${name}.jsonl`)];
      const how = ["--method", method, "--loss", loss, "--max-length", String(maxLength)];
      file(join("data", `${name}.ours.jsonl`), await burnish("tokens", ...subject, ...how, ...CPU));
    }
    return judge("check_data.py", "--compare", folder);
  },
};

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

const CHECKS = [
  selftest,
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
  ...eightBitMoments,
  fullTraining,
  fullByMuon,
  emberFromScratch,
  dataCheck,
  realSets,
  {
    name: "gates: 50 sets of each planted fault",
    run: ({ vitest }) => vitest("src/data/gates/planted.test.ts", { BURNISH_SETS: "50", BURNISH_PRINT: "1" }),
  },
  sftCheck("nll", 50, CPU),
  sftCheck("dft", 12, CPU),
  ...Object.keys(DPO_LOSSES).map((lossType) => dpoCheck(lossType, CPU)),
  dpoCheck("sigmoid", GPU),
  ...outboundChecks,
  {
    name: "statistics goldens are scipy's, statsmodels', rouge-score's and sacrebleu's",
    run: ({ judge }) => judge("make_statistics_goldens.py", "--check"),
  },
  {
    name: "suites and generated skills are upskill's",
    run: async ({ path, python, run, vitest, judge }) => {
      const script = join("e2e", "oracle", "check_upskill.py");
      await run(python, [script, "--fetch", path(".")]);
      await run(python, [script, "--make", path(".")]);
      const read = await vitest("src/eval/suite/upskill.gpu.test.ts", { BURNISH_UPSKILL: path(".") });
      const skills = await vitest("src/skill/upskill.gpu.test.ts", { BURNISH_UPSKILL: path(".") });
      return sum(read, skills, await judge("check_upskill.py", "--compare", path(".")));
    },
  },
  {
    name: "skills are right and wrong as the specification's own validator says",
    run: async ({ path, python, run, vitest, judge }) => {
      await run(python, [join("e2e", "oracle", "check_skills.py"), "--make", path(".")]);
      const read = await vitest("src/skill/judge.gpu.test.ts", { BURNISH_SKILLS: path(".") });
      return sum(read, await judge("check_skills.py", "--compare", path(".")));
    },
  },
  { name: "grpo goldens are TRL's", run: ({ judge }) => judge("make_grpo_goldens.py", "--check") },
  smollm2Answers,
  smollm2Training,
  exportedFamilies,
  quantisedAsLlamaCpp,
  exportsInLlamaCpp,
  sandboxInNode,
  ...providerChecks,
  sandboxInBrowser,
  humanEvalByModel,
];

const sum = (...parts) => ({
  passed: parts.reduce((total, part) => total + part.passed, 0),
  failed: parts.reduce((total, part) => total + part.failed, 0),
});

const lastObject = (lines) => JSON.parse(lines.trim().split("\n").at(-1) ?? "{}");

/** Runs a command; stdout as text, and shown when it is for people. */
function capture(command, args, show, env = process.env) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ["ignore", "pipe", show ? "inherit" : "pipe"] });
    let out = "";
    let err = "";
    child.stdout.on("data", (chunk) => {
      out += chunk;
      if (show) process.stdout.write(chunk);
    });
    child.stderr?.on("data", (chunk) => {
      err += chunk;
    });
    child.on("error", reject);
    child.on("close", (code) => resolve({ out, err, code }));
  });
}

function toolsFor(python, folder) {
  const path = (name) => join(folder, name);
  return {
    path,
    python,
    /** A preparing command; it must succeed. */
    run: async (command, args) => {
      const { err, code } = await capture(command, args, true);
      if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with code ${code}: ${err}`);
    },
    /** One test file, with these variables set. */
    vitest: async (testFile, env) => {
      const report = path("vitest.json");
      const program = join(ROOT, "node_modules", "vitest", "vitest.mjs");
      const project = testFile.endsWith(".gpu.test.ts") ? "gpu" : "unit";
      const args = [program, "run", "--project", project, testFile, "--reporter=default", "--reporter=json"];
      await capture(process.execPath, [...args, `--outputFile.json=${report}`], true, { ...process.env, ...env });
      const { numPassedTests, numFailedTests } = JSON.parse(readFileSync(report, "utf8"));
      return { passed: numPassedTests, failed: numFailedTests + (numPassedTests === 0 ? 1 : 0) };
    },
    file: (name, text) => {
      writeFileSync(path(name), text);
      return path(name);
    },
    burnish: async (...args) => {
      const { out, err, code } = await capture(process.execPath, [CLI, ...args, "--json"], false, {
        ...process.env,
        ...softwareVulkan(),
        // Kept runs of the judges go with their folder.
        BURNISH_RUNS: path("runs"),
      });
      if (code !== 0) throw new Error(`burnish ${args.join(" ")} ended with code ${code}:\n${err}${out}`);
      return out;
    },
    judge: (script, ...args) => counted(python, script, args),
    node: (script, ...args) => counted(process.execPath, script, args),
  };
}

/** A judge's last line. */
async function counted(program, script, args) {
  const { out, code } = await capture(program, [join("e2e", "oracle", script), ...args], true);
  const line = /^(\d+) passed, (\d+) failed$/.exec(out.trim().split("\n").at(-1) ?? "");
  if (!line) throw new Error(`${script} ended with code ${code} and no count.`);
  const counts = { passed: Number(line[1]), failed: Number(line[2]) };
  const silent = counts.failed === 0 && (code !== 0 || counts.passed === 0);
  return silent ? { ...counts, failed: 1 } : counts;
}

async function runCheck(check, python) {
  const folder = mkdtempSync(join(tmpdir(), "burnish-oracle-"));
  try {
    return await check.run(toolsFor(python, folder));
  } catch (error) {
    console.error(error.message);
    return { passed: 0, failed: 1 };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function main() {
  const options = { python: { type: "string", default: join(ROOT, ".venv", "bin", "python") } };
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const chosen = CHECKS.filter(
    ({ name }) => positionals.length === 0 || positionals.some((part) => name.includes(part)),
  );
  if (chosen.length === 0)
    throw new PlainError(`No check has such a name. Checks: ${CHECKS.map(({ name }) => name).join(", ")}.`);
  if (!existsSync(values.python))
    throw new PlainError(`There is no ${values.python}; e2e/oracle/README.md says how to make it.`);
  await ensureInstalled();
  await ensureBrowser();
  await buildCli();
  const results = [];
  for (const check of chosen) {
    console.log(`\n── oracle: ${check.name} ──`);
    const start = Date.now();
    const counts = await runCheck(check, values.python);
    results.push({ name: check.name, ...counts, seconds: (Date.now() - start) / 1000 });
  }
  console.log("");
  for (const { name, passed, failed, seconds } of results)
    console.log(
      `${name.padEnd(52)} ${seconds.toFixed(1).padStart(6)} s   ${passed} passed${failed ? `, ${failed} FAILED` : ""}`,
    );
  const { passed, failed } = sum(...results);
  console.log(`\n${passed} passed, ${failed} failed`);
  process.exitCode = failed > 0 ? 1 : 0;
}

await runMain(main);
