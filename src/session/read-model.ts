/**
 * From files to a model that can be loaded: config, tokenizer and the place of every tensor, each checked against the
 * others before a byte goes to the device. A Hugging Face folder and a GGUF file end up as the same parts.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { fromBlob } from "@/files/byte-source";
import { INDEX_FILE, requireShards, shardNames } from "@/files/safetensors-index";
import type { TargetLimits, WeightFormat } from "@/graph/target";
import { type Architecture, expectedTensors, parameterCount } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { openGguf } from "@/model/gguf";
import type { Located } from "@/model/located";
import { storedBytes } from "@/model/weight-formats";
import { type Formats, formatLabel, locateTensors, modelTensors, weightBytes } from "@/model/weights";
import type { ModelFiles } from "@/session/model-files";
import { type ChatTemplate, createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";
import { createTokenizer, type Tokenizer } from "@/tokenizer/tokenizer";
import { PROJECTIONS } from "@/train/recipe";
import type { BaseDtype, ModelInfo } from "@/worker/api/model";
import type { NamedFile } from "@/worker/api/sources";

export interface ModelParts {
  readonly name: string;
  /** On the Hub, the commit. */
  readonly revision?: string;
  /** On the Hub, what the repository's card names. */
  readonly license?: string | undefined;
  /** As they were given; an export reads them again. */
  readonly files: readonly NamedFile[];
  /** The one of them that is the model, when it is a GGUF. */
  readonly gguf?: NamedFile;
  readonly arch: Architecture;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | null;
  /** Where each tensor lies; empty when only the plan of a model is asked for. */
  readonly located: ReadonlyMap<string, Located>;
  /** How the device will keep the weights. */
  readonly formats: Formats;
}

const MAX_JSON_BYTES = 64_000_000;

/** `limits` are the device's; "auto" takes the widest format that leaves half of it to training. */
export async function readModel(
  { files, ...origin }: ModelFiles,
  dtype: BaseDtype,
  limits: TargetLimits,
): Promise<ModelParts> {
  const single = ggufFile(files);
  if (single) return { ...origin, files, gguf: single, ...(await readGguf(single, dtype)) };
  const arch = await architecture(files);
  const { tokenizer, template } = await readTokenizer(files, arch);
  const weights = await weightFiles(files);
  const located = await locateTensors(
    arch,
    weights.map(({ blob }) => fromBlob(blob)),
  );
  const formats = chooseFormat(arch, dtype, limits, (tensor) => located.get(tensor)?.stored === "bf16");
  return { ...origin, files, arch, tokenizer, template, located, formats };
}

/** What a plan needs: a config.json alone will do, so that a model can be weighed before it is downloaded. */
export interface ModelSketch {
  readonly arch: Architecture;
  readonly formats: Formats;
  readonly tokenizer: Tokenizer | null;
  readonly template: ChatTemplate | null;
  /** Of the weights' files; 0 when there are none. */
  readonly tensorsFound: number;
}

export async function sketchModel(
  given: ModelFiles,
  dtype: BaseDtype,
  limits: TargetLimits,
): Promise<ModelSketch & { readonly name: string }> {
  const { name, files } = given;
  const has = (name: string) => files.some((file) => baseName(file) === name || baseName(file).endsWith(name));
  if (ggufFile(files) || (has("tokenizer.json") && has(".safetensors"))) {
    const parts = await readModel(given, dtype, limits);
    return { ...parts, tensorsFound: parts.located.size };
  }
  const arch = await architecture(files);
  const text = has("tokenizer.json") ? await readTokenizer(files, arch) : { tokenizer: null, template: null };
  const isBrain = await saysBrain(files);
  return { name, arch, formats: chooseFormat(arch, dtype, limits, () => isBrain), ...text, tensorsFound: 0 };
}

/** A folder's own config.json and weights come before a GGUF file that lies beside them. */
function ggufFile(files: readonly NamedFile[]): NamedFile | undefined {
  const found = files.filter((file) => baseName(file).toLowerCase().endsWith(".gguf"));
  if (found.length > 1 && files.length === found.length) {
    throw new AppError(
      "usage",
      `These are ${found.length} GGUF files: ${found.slice(0, 4).map(baseName).join(", ")}.`,
      {
        hint: "Give the one to train.",
      },
    );
  }
  return files.some((file) => baseName(file) === "config.json") ? undefined : found[0];
}

async function readGguf(file: NamedFile, dtype: BaseDtype): Promise<Omit<ModelParts, "name" | "files">> {
  if (dtype !== "auto") {
    throw new AppError("usage", "A GGUF file keeps its own formats; another base format cannot be asked for.", {
      hint: "Leave the base format on auto, or open the model's safetensors.",
    });
  }
  const { arch: read, located, formatOf, metadata } = await openGguf(fromBlob(file.blob));
  const { tokenizerJson, configJson, eosIds } = ggufTokenizer(metadata);
  const arch = { ...read, eosIds };
  return { arch, located, formats: formatOf, ...textSide(tokenizerJson, configJson, undefined, arch) };
}

const baseName = ({ name }: NamedFile) => name.split("/").at(-1) ?? name;

/** One file's name is fixed, several are named by their index; where there is neither, whatever lies there is tried. */
async function weightFiles(files: readonly NamedFile[]): Promise<NamedFile[]> {
  const all = files.filter((file) => baseName(file).endsWith(".safetensors") && !baseName(file).startsWith("adapter"));
  const single = all.find((file) => baseName(file) === "model.safetensors");
  if (single) return [single];
  const index = await readText(files, INDEX_FILE);
  all.sort((a, b) => (baseName(a) < baseName(b) ? -1 : 1));
  if (index === undefined) {
    if (all.length === 0) throw missing("model.safetensors", files);
    return all;
  }
  const names = shardNames(index);
  requireShards(names, new Set(all.map(baseName)));
  return all.filter((file) => names.includes(baseName(file)));
}

function missing(name: string, files: readonly NamedFile[]): AppError {
  const seen = files.map(baseName).slice(0, 12).join(", ") || "nothing";
  return new AppError("model/missing-file", `The model folder has no ${name}; it holds ${seen}.`, {
    hint: "Give the whole folder: config.json, model.safetensors, tokenizer.json and tokenizer_config.json.",
  });
}

/** A text file among them, undefined when it is absent. */
export async function readText(files: readonly NamedFile[], name: string): Promise<string | undefined> {
  const file = files.find((candidate) => baseName(candidate) === name);
  if (!file) return undefined;
  if (file.blob.size > MAX_JSON_BYTES) {
    throw new AppError("file/too-large", `${name} has ${file.blob.size} bytes, more than any real one.`, {
      hint: "Check that the file is what its name says.",
    });
  }
  return file.blob.text();
}

/** Throws "file/malformed". */
export async function readJson(files: readonly NamedFile[], name: string): Promise<unknown> {
  const content = await readText(files, name);
  if (content === undefined) return undefined;
  try {
    return JSON.parse(content);
  } catch (cause) {
    const html = content.trimStart().startsWith("<");
    throw new AppError("file/malformed", `${name} is not JSON${html ? " but a web page" : ""}.`, {
      hint: "Download the file itself, not the page that shows it.",
      cause,
    });
  }
}

const GenerationConfig = z.looseObject({ eos_token_id: z.nullish(z.union([z.int(), z.array(z.int())])) });

async function architecture(files: readonly NamedFile[]): Promise<Architecture> {
  const config = await readJson(files, "config.json");
  if (config === undefined) throw missing("config.json", files);
  const arch = architectureOf(config);
  const generation = z.safeParse(GenerationConfig, await readJson(files, "generation_config.json"));
  const eos = generation.success ? (generation.data.eos_token_id ?? []) : [];
  return { ...arch, eosIds: [...new Set([...arch.eosIds, ...(Array.isArray(eos) ? eos : [eos])])] };
}

const TypeConfig = z.looseObject({ dtype: z.nullish(z.string()), torch_dtype: z.nullish(z.string()) });

/** Whether config.json says that the weights are bf16. */
async function saysBrain(files: readonly NamedFile[]): Promise<boolean> {
  const said = z.safeParse(TypeConfig, await readJson(files, "config.json"));
  return said.success && (said.data.dtype ?? said.data.torch_dtype) === "bfloat16";
}

async function readTokenizer(
  files: readonly NamedFile[],
  arch: Architecture,
): Promise<{ tokenizer: Tokenizer; template: ChatTemplate | null }> {
  const content = await readText(files, "tokenizer.json");
  if (content === undefined) throw missing("tokenizer.json", files);
  const config = (await readText(files, "tokenizer_config.json")) ?? "{}";
  return textSide(content, config, await readText(files, "chat_template.jinja"), arch);
}

function textSide(tokenizerJson: string, config: string, jinja: string | undefined, arch: Architecture) {
  const tokenizer = createTokenizer(tokenizerJson, config, arch.eosIds);
  if (tokenizer.vocabSize > arch.vocab) {
    throw new AppError(
      "model/bad-shape",
      `The tokenizer knows ${tokenizer.vocabSize} tokens, the model ${arch.vocab}.`,
      {
        hint: "Take tokenizer.json from the same model as the weights.",
      },
    );
  }
  const template = findChatTemplate(config, jinja);
  return { tokenizer, template: template === null ? null : createChatTemplate(template, tokenizer.specialTokens) };
}

const NAMES: Readonly<Record<Exclude<BaseDtype, "auto">, WeightFormat>> = {
  ...{ f32: "f32", bf16: "bf16", f16: "f16" },
  ...{ int8: "q8_0", nf4: "nf4" },
};
const NARROWING: readonly WeightFormat[] = ["f32", "f16", "q8_0", "nf4"];

/**
 * "auto" is the widest that leaves half of the device to training. Floats that nobody asked for by name are bf16 where
 * the file has bf16 (`isBrain`): wider ones would say no more, and f16 has not the range. Every tensor must fit one
 * binding, so a huge embedding may be kept narrower than the rest.
 */
function chooseFormat(
  arch: Architecture,
  dtype: BaseDtype,
  { memoryBudget, maxBindingBytes }: TargetLimits,
  isBrain: (name: string) => boolean,
): Formats {
  const shapes = expectedTensors(arch, PROJECTIONS);
  const asked = dtype === "auto" ? undefined : NAMES[dtype];
  const kept = (format: WeightFormat) => (name: string) =>
    format !== asked && (format === "f32" || format === "f16") && isBrain(name) ? "bf16" : format;
  const affordable = NARROWING.find((one) => weightBytes(modelTensors(arch, kept(one))) <= memoryBudget / 2);
  const wanted = asked ?? affordable ?? "nf4";
  const after = NARROWING.indexOf(wanted === "bf16" ? "f16" : wanted) + 1;
  const steps = [wanted, ...NARROWING.slice(after)].map(kept);
  const fitting = (name: string): WeightFormat => {
    const found = steps.find((format) => storedBytes(format(name), shapes.get(name) ?? []) <= maxBindingBytes);
    return found?.(name) ?? "nf4";
  };
  const formats = new Set([...shapes].flatMap(([name, shape]) => (shape.length > 1 ? [fitting(name)] : [])));
  const [only] = formats;
  return formats.size === 1 && only ? only : fitting;
}

export function modelInfo({
  name,
  arch,
  formats,
  template,
}: Pick<ModelParts, "name" | "arch" | "formats" | "template">): ModelInfo {
  const tensors = modelTensors(arch, formats);
  const { hidden, layers, heads, kvHeads, headDim, vocab, contextLength, tied } = arch;
  return {
    name,
    architecture: arch.family,
    parameters: parameterCount(expectedTensors(arch, PROJECTIONS)),
    ...{ layers, hidden, heads, kvHeads, headDim, vocab, contextLength, tied },
    weightFormat: formatLabel(tensors),
    weightBytes: weightBytes(tensors),
    chatTemplate: template !== null,
  };
}
