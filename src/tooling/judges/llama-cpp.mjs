/**
 * llama.cpp among the judges' checks. Its library comes from npm (node-llama-cpp's prebuilt, pinned in e2e/oracle/llama-cpp),
 * its converters from the source archive of PyPI's llama-cpp-python; both are fetched once and never committed.
 */
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { ROOT } from "../install.mjs";
import { smollm2 } from "../smollm2.mjs";
import { ACCEPT, CPU, fixture, sum } from "./common.mjs";

const CACHE = join(ROOT, "node_modules", ".cache", "burnish", "llama-cpp");
const SCRIPTS = join(CACHE, "llama_cpp_python-0.3.36", "vendor", "llama.cpp");
const ARCHIVE = "llama-cpp-python==0.3.36";
const JUDGE = join(ROOT, "e2e", "oracle", "llama-cpp");

/** @returns {Promise<string>} the folder of convert_hf_to_gguf.py */
export async function converters(run, python) {
  if (existsSync(join(SCRIPTS, "convert_hf_to_gguf.py"))) return SCRIPTS;
  mkdirSync(CACHE, { recursive: true });
  await run(python, ["-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:", "--dest", CACHE, ARCHIVE]);
  const unpack =
    "import sys,tarfile,glob\n" +
    "tar=tarfile.open(glob.glob(sys.argv[1]+'/*.tar.gz')[0])\n" +
    "keep=('/convert_','/conversion/','/gguf-py/gguf/')\n" +
    "tar.extractall(sys.argv[1],[m for m in tar if '/vendor/llama.cpp/' in m.name and any(k in m.name for k in keep)])";
  await run(python, ["-c", unpack, CACHE]);
  return SCRIPTS;
}

/** @returns {Promise<string>} the script that asks llama.cpp */
async function llamaCpp(run) {
  if (!existsSync(join(JUDGE, "node_modules"))) {
    // Not `npm ci`: the lock names only this platform's library, and ci wants all of them in it.
    await run("npm", [
      ...["install", "--prefix", JUDGE, "--ignore-scripts", "--omit=optional"],
      ...["--no-save", "--no-package-lock", "--no-audit", "--no-fund"],
    ]);
  }
  return join(JUDGE, "answer.mjs");
}

const LIBRARY = join(JUDGE, "node_modules", "@node-llama-cpp", "linux-x64", "bins", "linux-x64");

const KINDS = [
  ["safetensors", "f32"],
  ["gguf", "f16"],
  ["gguf", "q8_0"],
  ["gguf-lora", "f32"],
];

/** Seven families, a PEFT adapter each: merged, and as llama.cpp's converters write them. */
export const exportedFamilies = {
  name: "exports: merged logits as PEFT's, GGUF and LoRA as llama.cpp's converters write them",
  run: async ({ run, python, path, burnish, judge }) => {
    const root = path("families");
    await run(python, [join("e2e", "oracle", "check_export.py"), "make", root]);
    for (const name of readdirSync(root)) {
      const [model, adapter, out] = ["base", "adapter", "out"].map((part) => join(root, name, part));
      for (const [format, quant] of KINDS) {
        const what = ["--format", format, "--quant", quant, "--out", out, "--name", "tuned", "--untested"];
        await burnish("export", "--model", model, "--adapter", adapter, ...what);
      }
    }
    return judge("check_export.py", "compare", root, "--llama-cpp", await converters(run, python));
  },
};

const fileName = (quant) => `model-${quant.toUpperCase()}.gguf`;

/** Quantised by us and by llama.cpp: a small model with rows of 256 and 512, and SmolLM2, whose 576 columns need fallbacks. */
export const quantisedAsLlamaCpp = {
  name: "exports: Q4_K_M and others are the bytes of llama.cpp's quantiser",
  run: async ({ run, python, path, burnish, judge }) => {
    await llamaCpp(run);
    const write = (model, format, quant, out) =>
      burnish(
        "export",
        "--model",
        model,
        "--format",
        format,
        "--quant",
        quant,
        "--out",
        out,
        "--name",
        "model",
        "--untested",
      );
    const compared = async (model, out, quants) => {
      await write(model, "gguf", "f16", out);
      const floats = join(out, fileName("f16"));
      for (const quant of quants) await write(floats, "gguf", quant, out);
      const ours = quants.map((quant) => join(out, fileName(quant)));
      return judge("check_quantise.py", "compare", floats, ...ours, "--library", LIBRARY);
    };
    const wide = path("wide");
    await run(python, [join("e2e", "oracle", "check_quantise.py"), "train", wide]);
    const all = ["q4_k_m", "q5_k_m", "q6_k", "q8_0"];
    const first = await compared(wide, path("wide-out"), all);
    const second = await compared(await smollm2(run, python), path("smol-out"), ["q4_k_m", "q6_k"]);
    return sum(first, second);
  },
};

export const exportsInLlamaCpp = {
  name: "exports: llama.cpp says what our engine says (ember, SmolLM2-135M)",
  run: async ({ run, python, vitest }) =>
    vitest("src/session/llama-cpp.gpu.test.ts", {
      BURNISH_LLAMA_CPP: await llamaCpp(run),
      BURNISH_SMOLLM2: await smollm2(run, python),
    }),
};

/** The GGUF stage of a job's train.py: without tools, with a converter that fails, with llama.cpp's own. */
export const jobsConvert = {
  name: "a job's GGUF: Q8_0 and Q4_K_M by llama.cpp, and what it says where a tool is not there",
  run: async ({ run, python, path, burnish, judge }) => {
    await llamaCpp(run);
    const [job, model] = [path("job"), fixture("llama-gqa")];
    const rows = ["--data", fixture("rows/prompt-completion.jsonl"), ...ACCEPT];
    await burnish("jobs", "script", "--model", model, ...rows, "--flavor", "l4x1", "--offline", "--out", job, ...CPU);
    const tools = ["--llama-cpp", await converters(run, python), "--library", LIBRARY];
    return judge("check_converting.py", "--script", join(job, "train.py"), "--tokenizer", model, ...tools);
  },
};
