/**
 * The adapter alone as a GGUF of a few MB, for llama.cpp's --lora and Ollama's ADAPTER: A and B as PEFT has them under the
 * base's names, the rows of B in the order of the base's rows. llama.cpp scales by alpha / rank.
 */
import { AppError } from "@/errors";
import { type ExportInput, hubId, noAdapter } from "@/export/base";
import { encodeFloats } from "@/export/floats";
import type { ExportPlan } from "@/export/format";
import { about, ggufArchitecture } from "@/export/gguf-metadata";
import { pairsByTensor } from "@/export/merge";
import { fileStem } from "@/export/write";
import { type GgufEntry, ggufStart, ggufValue, joined } from "@/files/gguf-write";
import { ggufTensorNames, interleave } from "@/model/gguf";

export function planGgufLora({ base, adapter, name }: ExportInput, quant: "f32" | "f16"): ExportPlan {
  if (!adapter) {
    throw noAdapter(base);
  }
  if (adapter.useDora) {
    throw new AppError("usage", "llama.cpp's adapters have no place for DoRA's magnitudes.", {
      hint: "Export the merged model instead: the format gguf or safetensors.",
    });
  }
  const { arch } = base;
  const architecture = ggufArchitecture(base.config);
  const parameters = [...adapter.tensors.values()].reduce((sum, { a, b }) => sum + a.length + b.length, 0);
  const { text, f32, u32 } = ggufValue;
  const entries = new Map<string, GgufEntry>([
    ["general.architecture", text(architecture)],
    ["general.type", text("adapter")],
    ["adapter.type", text("lora")],
    ["adapter.lora.alpha", f32(adapter.alpha)],
    ...about({ name, baseModel: hubId(base.name), license: base.license, parameters }),
    ["general.quantization_version", u32(2)],
  ]);
  const pairs = pairsByTensor(arch, adapter);
  const type = quant.toUpperCase();
  const tensors = [...ggufTensorNames(arch, architecture)].flatMap(([file, { name: ours, headDim }]) => {
    const pair = pairs.get(ours);
    if (!pair) return [];
    const { a, b, rank, scale } = pair;
    // llama.cpp knows one alpha and divides it by each pair's rank; where ours is scaled otherwise, B takes the rest.
    const rest = (scale * rank) / adapter.alpha;
    const rows = rest === 1 ? b.slice() : b.map((value) => value * rest);
    const turned =
      headDim === 0 ? rows : new Float32Array(interleave(new Uint8Array(rows.buffer), rank * 4, headDim).buffer);
    return [
      { name: `${file}.lora_a`, type, shape: [rank, a.length / rank], values: a },
      { name: `${file}.lora_b`, type, shape: [b.length / rank, rank], values: turned },
    ];
  });
  const start = ggufStart(entries, tensors);
  const file = {
    name: `${fileStem(name)}-${type}-LoRA.gguf`,
    bytes: start.total,
    async *chunks() {
      yield start.bytes;
      for (const [i, { name, values }] of tensors.entries()) {
        const bytes = encodeFloats(new Float32Array(values), quant, name);
        yield joined([bytes, new Uint8Array(start.data[i]?.padding ?? 0)]);
      }
    },
  };
  return { format: "gguf-lora", quant, files: [file], notes: [] };
}
