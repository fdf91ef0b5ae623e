/** A LoRA in GGUF over the base that is open: A and B under llama.cpp's names, read back into our own order of rows. */
import { AppError } from "@/errors";
import { fromBlob } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { adapterLayout, packAdapter } from "@/model/adapter";
import { ggufTensorNames, separate } from "@/model/gguf";
import type { LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { openReader } from "@/session/readers/own-reader";
import type { Reader } from "@/session/readers/reader";
import { PROJECTIONS } from "@/train/recipe";
import { f16ToF32 } from "@/util/bytes";

export async function ggufLoraReader(model: OpenModel, file: Blob): Promise<Reader> {
  const adapter = await readGgufLora(model, file);
  const reader = openReader(model, adapter, "Burnish's own reader of GGUF");
  return { ...reader, release: async () => model.runtime.target.free(adapter.buffer) };
}

async function readGgufLora({ arch, runtime }: OpenModel, file: Blob): Promise<LoadedAdapter> {
  const source = fromBlob(file);
  const { metadata, tensors } = await readGguf(source);
  const places = ggufTensorNames(arch, String(metadata.get("general.architecture")));
  const pairs = new Map<string, { a: Float32Array; b: Float32Array }>();
  let rank = 0;
  const rankPattern: Record<string, number> = {};
  for (const [name, tensor] of tensors) {
    const [, base = "", half] = /^(.+)\.lora_([ab])$/.exec(name) ?? [];
    const place = places.get(base);
    const [rows = 0, columns = 0] = tensor.shape;
    if (!place || !half) throw new AppError("file/malformed", `${name} is no part of a LoRA for this model.`);
    const bytes = await source.read(tensor.offset, tensor.bytes);
    const turned = half === "b" && place.headDim > 0 ? separate(bytes, tensor.bytes / rows, place.headDim) : bytes;
    const values = tensor.type === "F16" ? f16ToF32(new Uint16Array(turned.buffer)) : new Float32Array(turned.buffer);
    const [, layer, projection] = /layers\.(\d+)\..*?(\w+)\.weight$/.exec(place.name) ?? [];
    rank = half === "a" ? rows : columns;
    rankPattern[`layers.${layer}.${place.name.includes(".mlp.") ? "mlp" : "self_attn"}.${projection}`] = rank;
    const key = `layers.${layer}.${projection}`;
    const before = pairs.get(key) ?? { a: new Float32Array(0), b: new Float32Array(0) };
    pairs.set(key, { ...before, [half]: values });
  }
  const targets = PROJECTIONS.filter((projection) => [...pairs.keys()].some((key) => key.endsWith(`.${projection}`)));
  const layout = adapterLayout(arch, { rank, alpha: Number(metadata.get("adapter.lora.alpha")), targets, rankPattern });
  const buffer = runtime.target.allocate(layout.length * 4, "adapter read again");
  runtime.target.write(buffer, packAdapter(layout, pairs));
  return { layout, buffer };
}
