/** The table of all flags, declared once with their types; each command names those it takes. */
import * as z from "zod/mini";

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

export const FLAGS = {
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
  "base-dtype": {
    hint: "auto|f32|bf16|f16|int8|nf4",
    type: z.enum(["auto", "f32", "bf16", "f16", "int8", "nf4"]),
  },
  format: {
    hint: "peft|safetensors|gguf|gguf-lora|onnx",
    type: z.enum(["peft", "safetensors", "gguf", "gguf-lora", "onnx"]),
  },
  quant: { hint: "f32|f16|bf16|q8_0|q4_0|q5_0|q4_k_m|q5_k_m|q6_k|q8", type: z.string() },
  name: { hint: "NAME", type: z.string() },
  from: { hint: "DIR", type: z.string() },
  repo: { hint: "OWNER/NAME", type: z.string() },
  compare: { hint: "", type: z.literal(true) },
  timeline: { hint: "", type: z.literal(true) },
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

export type FlagName = keyof typeof FLAGS;
export type Flags = { [K in FlagName]?: z.infer<(typeof FLAGS)[K]["type"]> };
