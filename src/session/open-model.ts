/**
 * From files to a model that can be loaded: a Hugging Face folder's config, tokenizer and weights, each checked against
 * the others before a byte goes to the device.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { fromBlob } from "@/files/byte-source";
import type { Target, WeightFormat } from "@/graph/target";
import { type Architecture, expectedTensors, parameterCount } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { openGguf } from "@/model/gguf";
import type { Located } from "@/model/located";
import { createRuntime, type Runtime } from "@/model/runtime";
import { type Formats, formatLabel, locateTensors, modelTensors, weightBytes } from "@/model/weights";
import type { Platform } from "@/session/platform";
import { type ChatTemplate, createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";
import { createTokenizer, type Tokenizer } from "@/tokenizer/tokenizer";
import { PROJECTIONS } from "@/train/recipe";
import type { ModelInfo, ModelSource, NamedFile } from "@/worker/api";

export interface OpenModel {
  readonly name: string;
  /** For adapter_config.json; empty for what has no public name. */
  readonly arch: Architecture;
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | null;
  readonly runtime: Runtime;
  readonly info: ModelInfo;
}

const BUNDLED_FILES = [
  "config.json",
  "generation_config.json",
  "tokenizer.json",
  "tokenizer_config.json",
  "model.safetensors",
];
/** Above this, matrices are kept in half precision: f32 would take more than most devices give a page. */
const F32_LIMIT = 1_500_000_000;
const MAX_JSON_BYTES = 64_000_000;

export async function openModel(
  platform: Platform,
  target: Target,
  source: ModelSource,
  onProgress: (done: number, total: number) => void,
): Promise<OpenModel> {
  const files = source.kind === "bundled" ? await bundledFiles(platform, source.name) : source.files;
  const name = source.kind === "bundled" ? `bundled:${source.name}` : source.name;
  const single = ggufFile(files);
  if (single) return openGgufModel(target, name, single, onProgress);
  const arch = await architecture(files);
  const { tokenizer, template } = await readTokenizer(files, arch);
  const weights = files.filter(
    (file) => baseName(file).endsWith(".safetensors") && !baseName(file).startsWith("adapter"),
  );
  if (weights.length === 0) throw missing("model.safetensors", files);
  const located = await locateTensors(
    arch,
    weights.map(({ blob }) => fromBlob(blob)),
  );
  const format = chooseFormat(arch, located);
  const runtime = await createRuntime(target, arch, format, located, onProgress);
  return { name, arch, tokenizer, template, runtime, info: modelInfo(name, arch, format, template !== null) };
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

async function openGgufModel(
  target: Target,
  name: string,
  file: NamedFile,
  onProgress: (done: number, total: number) => void,
): Promise<OpenModel> {
  const { arch: read, located, formatOf, metadata } = await openGguf(fromBlob(file.blob));
  const { tokenizerJson, configJson, eosIds } = ggufTokenizer(metadata);
  const arch = { ...read, eosIds };
  const { tokenizer, template } = textSide(tokenizerJson, configJson, undefined, arch);
  const runtime = await createRuntime(target, arch, formatOf, located, onProgress);
  return { name, arch, tokenizer, template, runtime, info: modelInfo(name, arch, formatOf, template !== null) };
}

const baseName = ({ name }: NamedFile) => name.split("/").at(-1) ?? name;

async function bundledFiles(platform: Platform, name: string): Promise<NamedFile[]> {
  if (!/^[a-z0-9-]+$/.test(name)) {
    throw new AppError("usage", `"${name}" is not the name of a bundled model.`, {
      hint: "The bundled model is called ember.",
    });
  }
  return Promise.all(
    BUNDLED_FILES.map(async (file) => ({ name: file, blob: await platform.bundled(`models/${name}/${file}`) })),
  );
}

function missing(name: string, files: readonly NamedFile[]): AppError {
  const seen = files.map(baseName).slice(0, 12).join(", ") || "nothing";
  return new AppError("model/missing-file", `The model folder has no ${name}; it holds ${seen}.`, {
    hint: "Give the whole folder: config.json, model.safetensors, tokenizer.json and tokenizer_config.json.",
  });
}

async function text(files: readonly NamedFile[], name: string): Promise<string | undefined> {
  const file = files.find((candidate) => baseName(candidate) === name);
  if (!file) return undefined;
  if (file.blob.size > MAX_JSON_BYTES) {
    throw new AppError("file/too-large", `${name} has ${file.blob.size} bytes, more than any real one.`, {
      hint: "Check that the file is what its name says.",
    });
  }
  return file.blob.text();
}

async function json(files: readonly NamedFile[], name: string): Promise<unknown> {
  const content = await text(files, name);
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
  const config = await json(files, "config.json");
  if (config === undefined) throw missing("config.json", files);
  const arch = architectureOf(config);
  const generation = z.safeParse(GenerationConfig, await json(files, "generation_config.json"));
  const eos = generation.success ? (generation.data.eos_token_id ?? []) : [];
  return { ...arch, eosIds: [...new Set([...arch.eosIds, ...(Array.isArray(eos) ? eos : [eos])])] };
}

async function readTokenizer(
  files: readonly NamedFile[],
  arch: Architecture,
): Promise<{ tokenizer: Tokenizer; template: ChatTemplate | null }> {
  const content = await text(files, "tokenizer.json");
  if (content === undefined) throw missing("tokenizer.json", files);
  const config = (await text(files, "tokenizer_config.json")) ?? "{}";
  return textSide(content, config, await text(files, "chat_template.jinja"), arch);
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

function chooseFormat(arch: Architecture, located: ReadonlyMap<string, Located>): WeightFormat {
  const half = [...located.values()].some(({ stored }) => stored === "f16" || stored === "bf16");
  return half && weightBytes(modelTensors(arch, "f32")) > F32_LIMIT ? "f16" : "f32";
}

function modelInfo(name: string, arch: Architecture, formats: Formats, chatTemplate: boolean): ModelInfo {
  const tensors = modelTensors(arch, formats);
  const { hidden, layers, heads, kvHeads, headDim, vocab, contextLength, tied } = arch;
  return {
    name,
    architecture: arch.family,
    parameters: parameterCount(expectedTensors(arch, PROJECTIONS)),
    ...{ layers, hidden, heads, kvHeads, headDim, vocab, contextLength, tied },
    weightFormat: formatLabel(tensors),
    weightBytes: weightBytes(tensors),
    chatTemplate,
  };
}
