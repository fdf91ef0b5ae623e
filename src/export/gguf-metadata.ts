/** What a GGUF says of a model from Hugging Face: the keys of llama.cpp's converter, from config.json. */
import { AppError } from "@/errors";
import { fileType, type GgufQuant } from "@/export/gguf-mix";
import { type GgufEntry, ggufValue } from "@/files/gguf-write";
import type { Architecture } from "@/model/architecture";

export interface ModelFacts {
  /** For people. */
  readonly name: string;
  /** The base's id on the Hub, "owner/name", if it has one. */
  readonly baseModel?: string | undefined;
  readonly license?: string | undefined;
  readonly parameters: number;
}

type Config = Readonly<Record<string, unknown>>;

/** By `model_type` of config.json. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  llama: "llama",
  qwen2: "qwen2",
  qwen3: "qwen3",
  gemma3_text: "gemma3",
  olmo2: "olmo2",
  smollm3: "smollm3",
};

/** GGUF's name of the architecture. Throws "model/unsupported". */
export function ggufArchitecture(config: Config): string {
  const found = ARCHITECTURES[String(config.model_type)];
  if (found !== undefined) return found;
  throw new AppError("model/unsupported", `GGUF has no name here for models of type ${String(config.model_type)}.`, {
    hint: "Export it as safetensors instead.",
  });
}

export function ggufMetadata(
  config: Config,
  generation: Config,
  arch: Architecture,
  facts: ModelFacts,
  quant: GgufQuant,
): Map<string, GgufEntry> {
  const { u32, f32, text } = ggufValue;
  const name = ggufArchitecture(config);
  requireSayable(name, arch);
  const entries = new Map<string, GgufEntry>([
    ["general.architecture", text(name)],
    ["general.type", text("model")],
  ]);
  const number = (key: string, value: unknown, as: (value: number) => GgufEntry) => {
    if (typeof value === "number" && Number.isFinite(value)) entries.set(key, as(value));
  };
  number("general.sampling.top_k", generation.top_k, u32);
  number("general.sampling.top_p", generation.top_p, f32);
  number("general.sampling.min_p", generation.min_p, f32);
  number("general.sampling.temp", generation.temperature, f32);
  number("general.sampling.penalty_repeat", generation.repetition_penalty, f32);
  for (const [key, value] of about(facts)) entries.set(key, value);

  const own = (key: string, value: unknown, as = u32) => number(`${name}.${key}`, value, as);
  own("block_count", arch.layers);
  own("context_length", arch.contextLength);
  own("embedding_length", arch.hidden);
  own("feed_forward_length", arch.ffn);
  own("attention.head_count", arch.heads);
  own("attention.head_count_kv", arch.kvHeads);
  for (const [key, value] of rope(config)) entries.set(`${name}.${key}`, value);
  own("attention.layer_norm_rms_epsilon", arch.normEps, f32);
  if (typeof config.head_dim === "number" || name === "gemma3") {
    own("attention.key_length", arch.headDim);
    own("attention.value_length", arch.headDim);
  }
  number("general.file_type", fileType(quant), u32);
  if (name === "gemma3") own("attention.sliding_window", config.sliding_window ?? 4096);
  if (name === "llama" || name === "smollm3") {
    own("vocab_size", arch.vocab);
    own("rope.dimension_count", arch.headDim);
  }
  number("general.quantization_version", 2, u32);
  return entries;
}

/** What llama.cpp knows by heart of a family and a file cannot say. Throws "model/unsupported" where the model differs. */
function requireSayable(name: string, arch: Architecture): void {
  const { kinds, headDim, hidden, heads, layers } = arch;
  const faults = [
    name === "smollm3" && kinds.some(({ rope }, i) => (rope === null) !== (i % 4 === 3)) && "other layers without rope",
    name === "gemma3" && kinds.some(({ window }, i) => (window === null) !== (i % 6 === 5)) && "other windowed layers",
    name === "gemma3" &&
      Math.abs(arch.attentionScale - (layers === 62 ? hidden / heads : headDim) ** -0.5) > 1e-6 &&
      "another scale of attention",
  ].filter((fault) => fault !== false);
  if (faults.length === 0) return;
  throw new AppError("model/unsupported", `This ${name} model has ${faults.join(" and ")} than llama.cpp computes.`, {
    hint: "Export it as safetensors instead.",
  });
}

/** What it is called and where it comes from. */
export function about({ name, baseModel, license, parameters }: ModelFacts): Map<string, GgufEntry> {
  const { u32, text } = ggufValue;
  const entries = new Map<string, GgufEntry>([["general.name", text(name)]]);
  entries.set("general.size_label", text(sizeLabel(parameters)));
  if (license !== undefined) entries.set("general.license", text(license));
  const [owner, model] = baseModel?.split("/") ?? [];
  if (owner && model) {
    entries.set("general.base_model.count", u32(1));
    entries.set("general.base_model.0.name", text(model));
    entries.set("general.base_model.0.organization", text(owner));
    entries.set("general.base_model.0.repo_url", text(`https://huggingface.co/${owner}/${model}`));
  }
  return entries;
}

/** 134 515 008 → "135M", 1 235 814 400 → "1.2B". */
export function sizeLabel(parameters: number): string {
  const units = [
    [1e12, "T"],
    [1e9, "B"],
    [1e6, "M"],
  ] as const;
  const [unit, letter] = units.find(([size]) => parameters > size) ?? [1e3, "K"];
  const scaled = parameters / unit;
  return `${scaled.toFixed(Math.max(0, 2 - String(Math.round(scaled)).replace(/^0+/, "").length))}${letter}`;
}

function rope(config: Config): Map<string, GgufEntry> {
  const { f32, text, u32 } = ggufValue;
  const entries = new Map<string, GgufEntry>();
  const stated = record(config.rope_parameters) ?? record(config.rope_scaling) ?? {};
  const global = record(stated.full_attention) ?? stated;
  const local = record(stated.sliding_attention)?.rope_theta ?? config.rope_local_base_freq;
  const kind = global.rope_type ?? global.type;
  if (kind === "linear" && typeof global.factor === "number") {
    entries.set("rope.scaling.type", text(kind));
    entries.set("rope.scaling.factor", f32(global.factor));
    const original = global.original_max_position_embeddings;
    if (typeof original === "number") entries.set("rope.scaling.original_context_length", u32(original));
  }
  const gemma = config.model_type === "gemma3_text";
  const theta = global.rope_theta ?? config.rope_theta ?? (gemma ? 1_000_000 : 10_000);
  if (typeof theta === "number") entries.set("rope.freq_base", f32(theta));
  if (typeof local === "number") entries.set("rope.freq_base_swa", f32(local));
  return entries;
}

const record = (value: unknown): Config | undefined =>
  typeof value === "object" && value !== null ? (value as Config) : undefined;

/**
 * Llama 3's scaled rope as divisors of the plain frequencies, one per pair; null where the model turns plainly.
 * `arch.ropes` holds what the divided frequencies are.
 */
export function ropeDivisors(config: Config, arch: Architecture): Float32Array<ArrayBuffer> | null {
  const stated = record(config.rope_parameters) ?? record(config.rope_scaling) ?? {};
  if ((stated.rope_type ?? stated.type) !== "llama3") return null;
  const theta = Number(stated.rope_theta ?? config.rope_theta ?? 10_000);
  const [scaled = []] = Object.values(arch.ropes);
  return Float32Array.from(scaled, (frequency, i) => theta ** ((-2 * i) / arch.headDim) / frequency);
}
