/**
 * The same run in Python, for any CUDA machine: one PEP 723 script of TRL's trainer and PEFT's LoRA. The program is the plain
 * Python of `python/`, the same for every recipe; what differs is data, the JSON object JOB at its top.
 */
import type { Recipe } from "@/train/recipe";
import { decaySteps } from "@/train/schedule";
import argumentsPart from "./python/arguments.py?raw";
import converting from "./python/converting.py?raw";
import evaluating from "./python/evaluating.py?raw";
import graders from "./python/graders.py?raw";
import mainPart from "./python/main.py?raw";
import muon from "./python/muon.py?raw";
import order from "./python/order.py?raw";
import pattern from "./python/pattern.py?raw";
import requirements from "./python/requirements.json";
import rows from "./python/rows.py?raw";
import statistics from "./python/statistics.py?raw";
import training from "./python/training.py?raw";

export type JobWeights = "lora" | "qlora" | "full";
export const GGUF_QUANTS = ["Q4_K_M", "Q8_0"] as const;
export type GgufQuant = (typeof GGUF_QUANTS)[number];

/** What a plan decides, and what is known of the data. Defaults are those of one GPU. */
export interface ScriptOptions {
  /** For people and charts. */
  readonly name?: string;
  readonly weights?: JobWeights;
  /** Rows on each device at a time, where not the recipe's batch; accumulation then keeps the recipe's sum. */
  readonly perDevice?: number | null;
  readonly checkpointing?: boolean;
  /** accelerate's configuration for several GPUs. */
  readonly accelerate?: Readonly<Record<string, unknown>> | null;
  readonly merge?: boolean;
  readonly gguf?: readonly GgufQuant[];
  /** Of the prepared rows (src/data/trl-rows.ts): a TRL that prepares others is refused before it trains. */
  readonly fingerprint?: string | null;
}

/** A tenth of LoRA's, of a recipe for LoRA: all weights learn, where an adapter's rate would wreck them. */
const FULL_RATE = 0.1;
const CHECKPOINTS = 20;

const PARTS = [
  pattern,
  graders,
  statistics,
  order,
  argumentsPart,
  rows,
  muon,
  training,
  evaluating,
  converting,
  mainPart,
];

/** `base` as adapter_config.json names it. */
export function trainingScript(
  recipe: Recipe,
  base: { readonly name: string; readonly revision?: string | undefined },
  options: ScriptOptions = {},
): string {
  const own = recipe.trains === "full";
  const weights = own ? "full" : (options.weights ?? "lora");
  const job = {
    version: 1,
    name: options.name ?? `${base.name.split("/").at(-1)}-${recipe.method}`,
    base: { name: base.name, revision: base.revision ?? null },
    weights,
    learningRate: recipe.optimizer.learningRate * (weights === "full" && !own ? FULL_RATE : 1),
    decaySteps: decaySteps(recipe.schedule),
    saveEvery:
      recipe.keep.every || recipe.evaluate.every || Math.max(1, Math.ceil(recipe.schedule.steps / CHECKPOINTS)),
    perDevice: options.perDevice ?? null,
    checkpointing: options.checkpointing ?? true,
    accelerate: options.accelerate ?? null,
    merge: options.merge ?? false,
    gguf: options.gguf ?? [],
    fingerprint: options.fingerprint ?? null,
    recipe,
  };
  return `${header(weights === "qlora" || recipe.optimizer.kind === "adamw8", job.gguf)}import json

JOB = json.loads("""${pythonText(JSON.stringify(job, null, 2))}""")

# ${"-".repeat(118)}

${PARTS.map(withoutJson).join("\n\n")}`;
}

/** Each part says what it is in a docstring, which is a comment in the middle of a file. */
function withoutJson(part: string): string {
  const [, said = "", code = ""] = /^"""([\s\S]*?)"""\n([\s\S]*)$/.exec(part) ?? [];
  const comment = said.trim().split("\n");
  return `${comment.map((line) => `# ${line}`.trimEnd()).join("\n")}\n${code.replace(/^import json\n/m, "")}`;
}

/** Inside three quotation marks: JSON never has three in a row. */
const pythonText = (json: string) => json.replaceAll("\\", "\\\\");

function header(eightBit: boolean, gguf: readonly GgufQuant[]): string {
  const needs = [
    ...requirements.always,
    ...(eightBit ? requirements.qlora : []),
    // llama-quantize is built where none is.
    ...(gguf.includes("Q4_K_M") ? requirements.gguf : []),
  ];
  return `# /// script
# requires-python = ">=3.11"
# dependencies = [
${needs.map((one) => `#     "${one}",`).join("\n")}
# ]
# ///
"""A run of Burnish with TRL and PEFT.

    uv run train.py --data train.jsonl [--eval held-out.jsonl] [--out out]

or, where the packages above are installed, python train.py. Files named train.jsonl and held-out.jsonl beside this one are
found by themselves. Run it again after a stop or a kill: it goes on from the last checkpoint. --out holds everything, result.json
at the end.
"""
`;
}
