/** Flags of all commands, declared once with their types; each command names those it takes. */
import { parseArgs } from "node:util";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { RecipeInput } from "@/train/recipe";

const number = z.pipe(z.string().check(z.regex(/^-?[\d.]+(e-?\d+)?$/i, "must be a number")), z.transform(Number));

/** "prompt=question,completion=answer" */
const columns = z.pipe(
  z.string().check(z.regex(/^\w+=[^,=]+(,\w+=[^,=]+)*$/, "must be like prompt=question,completion=answer")),
  z.transform((text): Record<string, string> => Object.fromEntries(text.split(",").map((pair) => pair.split("=")))),
);

const SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Seconds, of "90m" or "2h". */
const duration = z.pipe(
  z.string().check(z.regex(/^\d+(\.\d+)?[smhd]$/, "must be like 90m or 2h")),
  z.transform((text) => Math.round(Number(text.slice(0, -1)) * (SECONDS[text.slice(-1)] ?? 1))),
);

/** "leakage,secrets" */
const names = z.pipe(
  z.string().check(z.regex(/^[a-z-]+(,[a-z-]+)*$/, "must be names with commas between")),
  z.transform((text) => text.split(",")),
);

/** "all", or "api.md,guide.md" */
const paths = z.pipe(
  z.string().check(z.minLength(1)),
  z.transform((text): "all" | string[] => (text === "all" ? "all" : text.split(","))),
);

/** "*norm*,model.embed_tokens.weight" */
const patterns = z.pipe(
  z.string().check(z.regex(/^[\w.*?-]+(,[\w.*?-]+)*$/, "must be patterns of weights' names with commas between")),
  z.transform((text) => text.split(",")),
);

/** "base,tuned,tuned+skill" */
const arms = z.pipe(
  z.string().check(z.regex(/^[a-z+]+(,[a-z+]+)*$/, "must be names with commas between")),
  z.transform((text) => text.split(",")),
);

/** "0.15,0.60" */
const price = z.pipe(
  z.string().check(z.regex(/^\d+(\.\d+)?,\d+(\.\d+)?$/, "must be two numbers with a comma between")),
  z.transform((text) => {
    const [input = 0, output = 0] = text.split(",").map(Number);
    return { input, output };
  }),
);

/** "down_proj=4,layers.0.self_attn.q_proj=16" */
const byModule = z.pipe(
  z
    .string()
    .check(z.regex(/^[\w.]+=[\d.]+(,[\w.]+=[\d.]+)*$/, "must be like down_proj=4,layers.0.self_attn.q_proj=16")),
  z.transform((text): Record<string, number> => {
    const pairs = text.split(",").map((pair) => pair.split("="));
    return Object.fromEntries(pairs.map(([module = "", value]) => [module, Number(value)]));
  }),
);

/** Given more than once. */
const several = z.array(z.string());

const FLAGS = {
  model: { hint: "DIR|FILE.gguf|hf:OWNER/NAME|bundled:NAME", type: z.string() },
  data: { hint: "FILE|URL|hf:datasets/OWNER/NAME|bundled:NAME", type: z.string() },
  eval: { hint: "FILE", type: z.string() },
  columns: { hint: "NAME=COLUMN,…", type: columns },
  "max-rows": { hint: "N", type: number },
  adapter: { hint: "DIR", type: z.string() },
  recipe: { hint: "FILE", type: z.string() },
  out: { hint: "DIR", type: z.string() },
  prompt: { hint: "TEXT", type: z.string() },
  steps: { hint: "N", type: number },
  step: { hint: "N", type: number },
  grid: { hint: '"lr=1e-4,1e-3;rank=4,8"', type: z.string() },
  strategy: { hint: "halving|grid", type: z.enum(["halving", "grid"]) },
  minutes: { hint: "N", type: number },
  full: { hint: "", type: z.literal(true) },
  "from-scratch": { hint: "", type: z.literal(true) },
  only: { hint: "WEIGHTS*,…", type: patterns },
  freeze: { hint: "WEIGHTS*,…", type: patterns },
  optimizer: { hint: "adamw|adamw8|sgd|muon", type: z.enum(["adamw", "adamw8", "sgd", "muon"]) },
  lr: { hint: "X", type: number },
  rank: { hint: "R", type: number },
  alpha: { hint: "A", type: number },
  dropout: { hint: "SHARE", type: number },
  rslora: { hint: "", type: z.literal(true) },
  dora: { hint: "", type: z.literal(true) },
  "rank-pattern": { hint: "MODULE=R,…", type: byModule },
  "alpha-pattern": { hint: "MODULE=A,…", type: byModule },
  "lora-plus": { hint: "RATIO", type: number },
  init: { hint: "kaiming|gaussian", type: z.enum(["kaiming", "gaussian"]) },
  batch: { hint: "B", type: number },
  accumulate: { hint: "N", type: number },
  "keep-every": { hint: "N", type: number },
  patience: { hint: "N", type: number },
  "better-by": { hint: "loss|passRate", type: z.enum(["loss", "passRate"]) },
  schedule: {
    hint: "linear|cosine|constant|warmup_stable_decay",
    type: z.enum(["linear", "cosine", "constant", "warmup_stable_decay"]),
  },
  "lr-minimum": { hint: "SHARE", type: number },
  decay: { hint: "N", type: number },
  warmup: { hint: "N", type: number },
  loss: { hint: "auto|completion|assistant|all", type: z.enum(["auto", "completion", "assistant", "all"]) },
  "max-length": { hint: "L", type: number },
  "max-tokens": { hint: "N", type: number },
  temperature: { hint: "X", type: number },
  seed: { hint: "S", type: number },
  "base-dtype": { hint: "auto|f32|f16|int8|nf4", type: z.enum(["auto", "f32", "f16", "int8", "nf4"]) },
  format: {
    hint: "peft|safetensors|gguf|gguf-lora|onnx",
    type: z.enum(["peft", "safetensors", "gguf", "gguf-lora", "onnx"]),
  },
  quant: { hint: "f32|f16|bf16|q8_0|q4_0|q5_0|q4_k_m|q5_k_m|q6_k|q8", type: z.string() },
  name: { hint: "NAME", type: z.string() },
  from: { hint: "DIR", type: z.string() },
  repo: { hint: "OWNER/NAME", type: z.string() },
  compare: { hint: "", type: z.literal(true) },
  public: { hint: "", type: z.literal(true) },
  update: { hint: "", type: z.literal(true) },
  activations: { hint: "f32|f16", type: z.enum(["f32", "f16"]) },
  device: { hint: "auto|webgpu|cpu", type: z.enum(["auto", "webgpu", "cpu"]) },
  method: { hint: "sft|dpo|grpo|kto|full", type: z.enum(["sft", "dpo", "grpo", "kto", "full"]) },
  reward: { hint: "FILE.py|FILE.js", type: z.string() },
  accept: { hint: "GATE,…", type: names },
  fix: { hint: "GATE,…", type: names },
  probe: { hint: "auto|always|never", type: z.enum(["auto", "always", "never"]) },
  suite: { hint: "FILE", type: z.string() },
  report: { hint: "FILE.html", type: z.string() },
  arms: { hint: "base,tuned,…", type: arms },
  skill: { hint: "SKILL.md", type: z.string() },
  onnx: { hint: "DIR|hf:OWNER/NAME", type: several, several: true },
  price: { hint: "IN,OUT", type: price },
  frame: { hint: "chat|plain", type: z.enum(["chat", "plain"]) },
  judge: { hint: "MODEL", type: z.string() },
  criteria: { hint: "TEXT", type: z.string() },
  text: { hint: "FILE|bundled:general", type: z.string() },
  forgetting: { hint: "", type: z.literal(true) },
  runs: { hint: "N", type: number },
  k: { hint: "K", type: number },
  references: { hint: "all|FILE,…", type: paths },
  scripts: { hint: "all|FILE,…", type: paths },
  endpoint: { hint: "URL", type: z.string() },
  "endpoint-model": { hint: "NAME", type: several, several: true },
  ablate: { hint: "", type: z.literal(true) },
  paragraphs: { hint: "", type: z.literal(true) },
  "max-calls": { hint: "N", type: number },
  previous: { hint: "DIR", type: z.string() },
  task: { hint: "TEXT", type: z.string() },
  examples: { hint: "FILE", type: z.string() },
  trace: { hint: "FILE", type: z.string() },
  rounds: { hint: "N", type: number },
  cases: { hint: "N", type: number },
  place: { hint: "system|user", type: z.enum(["system", "user"]) },
  fault: { hint: "NAME", type: z.string() },
  chat: { hint: "", type: z.literal(true) },
  record: { hint: "", type: z.literal(true) },
  trackio: { hint: "", type: z.literal(true) },
  shapes: { hint: "ember,smollm2-135m,qwen3-0.6b", type: z.string() },
  seconds: { hint: "N", type: number },
  untested: { hint: "", type: z.literal(true) },
  quick: { hint: "", type: z.literal(true) },
  validate: { hint: "", type: z.literal(true) },
  growth: { hint: "", type: z.literal(true) },
  flavor: { hint: "NAME", type: z.string() },
  timeout: { hint: "90m|2h", type: duration },
  namespace: { hint: "OWNER", type: z.string() },
  yes: { hint: "", type: z.literal(true) },
  "at-most": { hint: "DOLLARS", type: number },
  continue: { hint: "JOB", type: z.string() },
  "schedule-at": { hint: "@daily|@weekly|CRON", type: z.string() },
  weights: { hint: "lora|qlora|full", type: z.enum(["lora", "qlora", "full"]) },
  offline: { hint: "", type: z.literal(true) },
  json: { hint: "", type: z.literal(true) },
} as const;

/** What a command says of its flags. */
export interface Signature {
  readonly name: string;
  readonly summary: string;
  readonly required: readonly FlagName[];
  readonly optional: readonly FlagName[];
  /** Words after the command's name, for people: ["list|show|delete", "[RUN]"]. None by default; the last may be "[MODEL…]". */
  readonly operands?: readonly string[];
}

export interface ParsedArguments {
  readonly flags: Flags;
  readonly operands: readonly string[];
}

export type FlagName = keyof typeof FLAGS;
export type Flags = { [K in FlagName]?: z.infer<(typeof FLAGS)[K]["type"]> };

function optionOf(name: FlagName) {
  const flag: { hint: string; several?: boolean } = FLAGS[name];
  return { type: flag.hint === "" ? ("boolean" as const) : ("string" as const), multiple: flag.several === true };
}

/** Throws AppError "usage" that names what is wrong. */
export function parseFlags(command: Signature, args: readonly string[]): ParsedArguments {
  const known: FlagName[] = [...command.required, ...command.optional, "device", "json"];
  const options = Object.fromEntries(known.map((name) => [name, optionOf(name)]));
  const hint = `Usage: ${usageLine(command)}`;
  let values: Record<string, unknown>;
  let operands: readonly string[];
  try {
    const allowPositionals = command.operands !== undefined;
    ({ values, positionals: operands } = parseArgs({ args: [...args], options, strict: true, allowPositionals }));
  } catch (error) {
    throw new AppError("usage", error instanceof Error ? `${error.message.split(". ")[0]}.` : String(error), { hint });
  }
  const flags: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(values)) {
    const parsed = z.safeParse(FLAGS[name as FlagName].type, value);
    if (!parsed.success) {
      const why = parsed.error.issues[0]?.message ?? "is not valid";
      throw new AppError("usage", `--${name} ${String(value)}: ${why}.`, { hint });
    }
    flags[name] = parsed.data;
  }
  const absent = command.required.filter((name) => flags[name] === undefined);
  if (absent.length > 0) {
    throw new AppError("usage", `${command.name} needs ${absent.map((name) => `--${name}`).join(" and ")}.`, { hint });
  }
  const least = (command.operands ?? []).filter((name) => !name.startsWith("[")).length;
  const most = command.operands?.at(-1)?.includes("…") ? Number.POSITIVE_INFINITY : (command.operands?.length ?? 0);
  if (operands.length < least || operands.length > most) {
    throw new AppError("usage", `${command.name} takes ${(command.operands ?? []).join(" ")}.`, { hint });
  }
  return { flags: flags as Flags, operands };
}

function usageLine({ name, required, optional, operands = [] }: Signature): string {
  const show = (flag: FlagName) =>
    `--${flag}${FLAGS[flag].hint ? ` ${FLAGS[flag].hint}` : ""}${optionOf(flag).multiple ? " …" : ""}`;
  const rest: FlagName[] = [...optional, "device", "json"];
  return ["burnish", name, ...operands, ...required.map(show), ...rest.map((flag) => `[${show(flag)}]`)].join(" ");
}

export function usageOf(commands: Readonly<Record<string, Signature>>): string {
  const lines = Object.values(commands).map((command) => `  ${usageLine(command)}\n      ${command.summary}`);
  return `Fine-tune small language models, see honestly whether it helped, take the result anywhere.\n\n${lines.join("\n")}`;
}

/** How rows are read: full fine-tuning reads them as SFT does. */
export const rowsMethod = ({ method }: Flags) => (method === "full" ? "sft" : method);

/** The recipe as flags change it: what the dataset recommends, then a recipe file, then single flags. */
export function recipeFrom(flags: Flags, ...layers: readonly RecipeInput[]): RecipeInput {
  const given = {
    data: {
      maxLength: flags["max-length"],
      loss: flags.loss,
      columns: flags.columns,
      maxRows: flags["max-rows"],
      accept: flags.accept,
      fixes: flags.fix,
    },
    // Data can be checked for KTO, which nobody trains here yet.
    method: flags.method === "kto" ? undefined : rowsMethod(flags),
    trains: flags.full || flags.method === "full" ? "full" : undefined,
    start: flags["from-scratch"] ? "scratch" : undefined,
    full: { train: flags.only, freeze: flags.freeze },
    lora: {
      rank: flags.rank,
      alpha: flags.alpha ?? (flags.rank === undefined ? undefined : 2 * flags.rank),
      dropout: flags.dropout,
      useRslora: flags.rslora,
      useDora: flags.dora,
      rankPattern: flags["rank-pattern"],
      alphaPattern: flags["alpha-pattern"],
      plusRatio: flags["lora-plus"],
      init: flags.init,
    },
    optimizer: { kind: flags.optimizer, learningRate: flags.lr },
    schedule: {
      steps: flags.steps,
      kind: flags.schedule,
      warmup: flags.warmup,
      minimum: flags["lr-minimum"],
      decay: flags.decay,
    },
    batch: { size: flags.batch, accumulate: flags.accumulate },
    evaluate: { maxTokens: flags["max-tokens"] },
    keep: { every: flags["keep-every"], patience: flags.patience, by: flags["better-by"] },
    probe: flags.probe,
    seed: flags.seed,
  };
  return [...layers, given].reduce<RecipeInput>((merged, layer) => merge(merged, layer), {});
}

function merge(base: RecipeInput, over: object): RecipeInput {
  const result: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const before = result[key];
    const nested = isRecord(before) || isRecord(value);
    result[key] = nested && isRecord(value) ? merge((before ?? {}) as RecipeInput, value) : value;
  }
  return result as RecipeInput;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
