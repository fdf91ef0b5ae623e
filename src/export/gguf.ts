/**
 * The merged model as one GGUF file, made tensor by tensor while it is written.
 *
 * From safetensors: the metadata, names, order and types of llama.cpp's converter and quantiser. From a GGUF: its own
 * metadata, order and bytes; only what the adapter reaches, or what is not quantised yet, is written anew. Asked for as floats, all
 * of it is: a matrix that stays in blocks has its products rounded to 8 bits by llama.cpp, and greedy texts part there.
 */
import type { ExportBase, ExportInput } from "@/export/base";
import { hubId } from "@/export/base";
import { encodeFloats, type FloatType } from "@/export/floats";
import type { ExportPlan, PlannedFile } from "@/export/format";
import { about, ggufArchitecture, ggufMetadata, ropeDivisors } from "@/export/gguf-metadata";
import { fileType, type GgufQuant, isQuantisable, tensorType } from "@/export/gguf-mix";
import { ggufVocab } from "@/export/gguf-vocab";
import { mergedRows, type Pair, pairsByTensor } from "@/export/merge";
import { fileStem } from "@/export/write";
import type { ByteSource } from "@/files/byte-source";
import { type GgufTensor, readGguf } from "@/files/gguf";
import { type GgufEntry, ggufStart, ggufValue } from "@/files/gguf-write";
import { expectedTensors, parameterCount } from "@/model/architecture";
import { blockKernels, isBlockFormat } from "@/model/block-kernels";
import { ggufTensorNames, interleave, ROPE_FACTORS } from "@/model/gguf";
import type { Located } from "@/model/located";
import { PROJECTIONS } from "@/train/recipe";

type Chunks = AsyncIterable<Uint8Array<ArrayBuffer>>;

interface Written {
  readonly name: string;
  readonly type: string;
  /** Outermost first. */
  readonly shape: readonly number[];
  readonly data: () => Chunks;
}

export async function planGguf(input: ExportInput, quant: GgufQuant): Promise<ExportPlan> {
  const { entries, tensors, notes } = await (input.base.gguf
    ? fromGguf(input, input.base.gguf, quant)
    : fromSafetensors(input, quant));
  const start = ggufStart(entries, tensors);
  const file: PlannedFile = {
    name: `${fileStem(input.name)}-${quant.toUpperCase()}.gguf`,
    bytes: start.total,
    async *chunks() {
      yield start.bytes;
      for (const [i, { data }] of tensors.entries()) {
        yield* data();
        const padding = start.data[i]?.padding ?? 0;
        if (padding > 0) yield new Uint8Array(padding);
      }
    },
  };
  return { format: "gguf", quant, files: [file], notes };
}

interface Contents {
  readonly entries: Map<string, GgufEntry>;
  readonly tensors: readonly Written[];
  readonly notes: readonly string[];
}

async function fromSafetensors({ base, adapter, name }: ExportInput, quant: GgufQuant): Promise<Contents> {
  const { arch, config, generation, located } = base;
  const architecture = ggufArchitecture(config);
  const facts = { name, baseModel: hubId(base.name), license: base.license, parameters: parametersOf(base) };
  const vocab = ggufVocab({
    ...{ tokenizerJson: base.tokenizerJson, configJson: base.tokenizerConfigJson, config, rows: arch.vocab },
    ...{ chatTemplateJinja: base.chatTemplateJinja, architecture },
  });
  const entries = new Map([...ggufMetadata(config, generation, arch, facts, quant), ...vocab]);
  const pairs = pairsByTensor(arch, adapter);
  const places = new Map(
    [...ggufTensorNames(arch, architecture)].map(([file, place]) => [place.name, { file, place }]),
  );
  const tensors = [...located].flatMap(([ours, source]): Written[] => {
    const found = places.get(ours);
    if (!found) return [];
    const { file, place } = found;
    const type = tensorType(quant, file, source.shape, { layers: arch.layers, tied: arch.tied });
    const data = () => encoded(file, source, pairs.get(ours), type, place.headDim);
    return [{ name: file, type, shape: source.shape, data }];
  });
  const divisors = ropeDivisors(config, arch);
  if (divisors) tensors.unshift(vector(ROPE_FACTORS, divisors));
  return { entries, tensors, notes: fallbackNotes(quant, tensors) };
}

async function fromGguf({ base, adapter, name }: ExportInput, source: ByteSource, quant: GgufQuant): Promise<Contents> {
  const { arch, located } = base;
  const gguf = await readGguf(source);
  const entries = new Map<string, GgufEntry>(gguf.stored);
  const facts = { name, baseModel: hubId(base.name), license: base.license, parameters: parametersOf(base) };
  for (const [key, value] of about(facts))
    if (key !== "general.size_label" || !entries.has(key)) entries.set(key, value);
  entries.set("general.file_type", ggufValue.u32(fileType(quant)));
  entries.set("general.quantization_version", ggufValue.u32(2));
  const names = ggufTensorNames(arch, String(gguf.metadata.get("general.architecture")));
  const pairs = pairsByTensor(arch, adapter);
  const kept: string[] = [];
  const tensors = [...gguf.tensors].map(([file, tensor]): Written => {
    const place = names.get(file);
    const pair = place && pairs.get(place.name);
    const found = place && located.get(place.name);
    const changed = pair !== undefined || (place !== undefined && base.trained?.has(place.name) === true);
    const wanted = tensorType(quant, file, tensor.shape, { layers: arch.layers, tied: arch.tied });
    const isWidened = isFloat(tensor.type) || isFloat(wanted);
    const rewrite = found && (changed || (isWidened && isQuantisable(file, tensor.shape)));
    if (!rewrite || (!changed && wanted === tensor.type)) {
      if (wanted !== tensor.type && isQuantisable(file, tensor.shape)) kept.push(tensor.type);
      return { name: file, type: tensor.type, shape: tensor.shape, data: () => copied(source, tensor) };
    }
    return {
      name: file,
      type: wanted,
      shape: tensor.shape,
      data: () => encoded(file, found, pair, wanted, place.headDim),
    };
  });
  const types = [...new Set(kept)].join(" and ");
  const keptNote = `${kept.length} tensors that training does not reach stay as the base has them (${types}).`;
  return { entries, tensors, notes: [...(kept.length > 0 ? [keptNote] : []), ...fallbackNotes(quant, tensors)] };
}

const isFloat = (type: string) => type === "F32" || type === "F16" || type === "BF16";

const parametersOf = ({ arch }: ExportBase) => parameterCount(expectedTensors(arch, PROJECTIONS));

/** What people wonder about when a small file is not as small as its name says. */
function fallbackNotes(quant: GgufQuant, tensors: readonly Written[]): string[] {
  const { type } = { type: quant.replace(/_m$/, "").toUpperCase() };
  if (!type.endsWith("_K")) return [];
  const odd = tensors.filter(({ name, shape }) => isQuantisable(name, shape) && (shape.at(-1) ?? 0) % 256 !== 0);
  if (odd.length === 0) return [];
  const used = [...new Set(odd.map((tensor) => tensor.type))].join(", ");
  return [
    `${odd.length} matrices have rows that 256 does not divide, so they are written as ${used} instead of ${type}: the file is larger than its name promises. Q8_0 or Q4_0 suit this model better.`,
  ];
}

function vector(name: string, values: Float32Array<ArrayBuffer>): Written {
  return {
    ...{ name, type: "F32", shape: [values.length] },
    async *data() {
      yield new Uint8Array(values.buffer);
    },
  };
}

/** A base's own bytes. */
async function* copied(source: ByteSource, { offset, bytes }: GgufTensor): Chunks {
  const piece = 16_000_000;
  for (let at = 0; at < bytes; at += piece) yield source.read(offset + at, Math.min(piece, bytes - at));
}

/** Merged rows in this type, with the rows of every head as llama.cpp turns them where `headDim` is not 0. */
async function* encoded(name: string, located: Located, pair: Pair | undefined, type: string, headDim: number): Chunks {
  const kernels = await blockKernels();
  const isVector = located.shape.length === 1;
  const unit = isVector ? 4 : 4 * (located.shape.at(-1) ?? 0);
  for await (const values of mergedRows(located, pair, isVector ? 1 : headDim)) {
    const bytes = new Uint8Array(values.buffer);
    const ordered = headDim === 0 ? values : new Float32Array(interleave(bytes, unit, headDim).buffer);
    const format = type.toLowerCase();
    if (isBlockFormat(format)) yield kernels.quantise(format, ordered);
    else yield encodeFloats(ordered, format as FloatType, name);
  }
}
