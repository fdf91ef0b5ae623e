/**
 * Which files of a repository a model is made of: its small ones and its safetensors, or the one GGUF or ONNX file
 * that was named.
 */
import { AppError } from "@/errors";
import { INDEX_FILE, requireShards } from "@/files/safetensors-index";
import type { HubFile, Listing } from "./models";

const NEEDED = ["config.json", "tokenizer.json"];
const SMALL = [...NEEDED, "generation_config.json", "tokenizer_config.json", "chat_template.jinja"];
const WEIGHTS = "model.safetensors";

export interface Choice {
  readonly files: readonly HubFile[];
  /** To be read before the weights are known. */
  readonly index?: HubFile;
}

/** Throws "model/missing-file" that says what is there instead. */
export function chooseFiles(listing: Listing, gguf: string | undefined): Choice {
  const { files, repo } = listing;
  const byPath = new Map(files.map((file) => [file.path, file]));
  if (gguf?.toLowerCase().endsWith(".onnx")) return chooseOnnx(listing, gguf);
  if (gguf !== undefined) return { files: [named(listing, gguf)] };
  const small = SMALL.flatMap((path) => byPath.get(path) ?? []);
  const weights = byPath.get(WEIGHTS);
  const index = byPath.get(INDEX_FILE);
  const missing = NEEDED.filter((path) => !byPath.has(path));
  if (missing.length === 0 && weights) return { files: [...small, weights] };
  if (missing.length === 0 && index) return { files: [...small, index], index };
  const ggufs = files.filter(({ path }) => path.toLowerCase().endsWith(".gguf"));
  const only = ggufs[0];
  if (ggufs.length === 1 && only) return { files: [named(listing, only.path)] };
  const lacks = [...missing, ...(weights || index ? [] : [WEIGHTS])].join(" and no ");
  throw new AppError("model/missing-file", `${repo} has no ${lacks}.`, { hint: instead(listing, ggufs) });
}

/** By transformers.js' names of types: what is nearest to the weights as they were trained comes first. */
const ONNX_FILES = ["", "_fp16", "_quantized", "_q4f16", "_q4", "_int8", "_uint8", "_bnb4"].map(
  (type) => `onnx/model${type}.onnx`,
);

/** The one ONNX file that is meant where none is named. Throws "model/missing-file". */
export function onnxFileOf(paths: readonly string[], name: string): string {
  const found = ONNX_FILES.find((path) => paths.includes(path)) ?? paths.find((path) => path.endsWith(".onnx"));
  if (found !== undefined) return found;
  throw new AppError("model/missing-file", `${name} has no ONNX file.`, {
    hint: "Look for a copy of it for transformers.js: its file lies at onnx/model.onnx.",
  });
}

function chooseOnnx({ files, repo }: Listing, path: string): Choice {
  const weights = files.filter((file) => file.path === path || file.path.startsWith(`${path}_data`));
  if (!weights.some((file) => file.path === path)) {
    const others = files.filter((file) => file.path.endsWith(".onnx")).map((file) => file.path);
    const hint = others.length > 0 ? `It has ${others.slice(0, 8).join(", ")}.` : "It has no ONNX file at all.";
    throw new AppError("model/missing-file", `${repo} has no ${path}.`, { hint });
  }
  return { files: [...files.filter((file) => SMALL.includes(file.path)), ...weights] };
}

export function chooseShards({ files }: Listing, names: readonly string[]): HubFile[] {
  requireShards(names, new Set(files.map(({ path }) => path)));
  return files.filter(({ path }) => names.includes(path));
}

function named({ files, repo }: Listing, path: string): HubFile {
  if (/-\d{5}-of-\d{5}\.gguf$/i.test(path)) {
    throw new AppError("model/unsupported", `${path} is one part of a GGUF in several.`, {
      hint: "Choose a smaller quantisation that lies in one file, or join the parts with llama.cpp's llama-gguf-split.",
    });
  }
  const found = files.find((file) => file.path === path);
  if (found) return found;
  const others = files.filter((file) => file.path.toLowerCase().endsWith(".gguf"));
  throw new AppError("model/missing-file", `${repo} has no ${path}.`, { hint: listOf(repo, others) });
}

function instead({ repo, files }: Listing, ggufs: readonly HubFile[]): string {
  if (ggufs.length > 0) return listOf(repo, ggufs);
  if (files.some(({ path }) => path === "adapter_config.json")) {
    return "It is an adapter: open the model that it was trained on, then load the adapter's files.";
  }
  if (files.some(({ path }) => /\.(bin|pth|ckpt)$/.test(path))) {
    return "Its weights are PyTorch pickles, which can run code; look for a copy of it in safetensors.";
  }
  return "Look for a language model with config.json, tokenizer.json and model.safetensors.";
}

function listOf(repo: string, ggufs: readonly HubFile[]): string {
  if (ggufs.length === 0) return "It has no GGUF file at all.";
  const shown = ggufs.slice(0, 8).map(({ path }) => `hf:${repo}/${path}`);
  return `Name one of its GGUF files: ${shown.join(", ")}${ggufs.length > 8 ? ", …" : ""}.`;
}
