/**
 * Weights from safetensors files to the device, tensor by tensor, so that a model is never held twice. Everything that
 * is wrong with the files is collected and told at once, before anything is allocated.
 */
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { readHeader, readRaw, readTensor, type TensorEntry } from "@/files/safetensors";
import { external } from "@/graph/graph";
import type { DeviceBuffer, Target, Tensor, WeightFormat } from "@/graph/target";
import { type Architecture, expectedTensors } from "@/model/architecture";
import { PROJECTIONS, type Projection } from "@/train/recipe";
import { f32ToF16 } from "@/util/bytes";

export interface LayerTensors {
  readonly attentionNorm: Tensor;
  readonly ffnNorm: Tensor;
  readonly projections: Readonly<Record<Projection, Tensor>>;
}
/** A model's weights as symbols of a trace; storages carry the names of the files' tensors. */
export interface ModelTensors {
  readonly embedding: Tensor;
  readonly head: Tensor;
  readonly finalNorm: Tensor;
  readonly layers: readonly LayerTensors[];
}

export type WeightBuffers = ReadonlyMap<string, DeviceBuffer>;

/** Matrices are kept in `format`, norms always in f32. */
export function modelTensors(arch: Architecture, format: WeightFormat): ModelTensors {
  const { names } = arch;
  const shapes = expectedTensors(arch, PROJECTIONS);
  const symbol = (name: string) => {
    const shape = shapes.get(name) ?? [];
    return external(name, shape, shape.length === 1 ? "f32" : format);
  };
  const embedding = symbol(names.embedding);
  const layers = Array.from({ length: arch.layers }, (_, layer) => ({
    attentionNorm: symbol(names.attentionNorm(layer)),
    ffnNorm: symbol(names.ffnNorm(layer)),
    projections: Object.fromEntries(
      PROJECTIONS.map((projection) => [projection, symbol(names.projection(layer, projection))]),
    ) as Record<Projection, Tensor>,
  }));
  return { embedding, head: arch.tied ? embedding : symbol(names.head), finalNorm: symbol(names.finalNorm), layers };
}

export function weightSymbols({ embedding, head, finalNorm, layers }: ModelTensors): Tensor[] {
  const all = layers.flatMap((layer) => [layer.attentionNorm, layer.ffnNorm, ...Object.values(layer.projections)]);
  return [...new Set([embedding, head, finalNorm, ...all])];
}

export function weightBytes(tensors: ModelTensors): number {
  return weightSymbols(tensors).reduce((sum, { storage }) => sum + storage.bytes, 0);
}

export interface Located {
  readonly source: ByteSource;
  readonly entry: TensorEntry;
}

/** Finds every tensor of the architecture in the files. Throws AppError "model/bad-shape" that lists all faults. */
export async function locateTensors(arch: Architecture, files: readonly ByteSource[]): Promise<Map<string, Located>> {
  const found = new Map<string, Located>();
  for (const source of files) {
    for (const [name, entry] of await readHeader(source)) found.set(name, { source, entry });
  }
  const faults: string[] = [];
  for (const [name, shape] of expectedTensors(arch, PROJECTIONS)) {
    const located = found.get(name);
    if (!located) faults.push(`${name} is missing`);
    else if (located.entry.shape.join() !== shape.join()) {
      faults.push(`${name} is [${located.entry.shape.join(", ")}], config.json says [${shape.join(", ")}]`);
    }
  }
  if (faults.length > 0) {
    const shown = faults.slice(0, 5).join("; ");
    const more = faults.length > 5 ? `; and ${faults.length - 5} more` : "";
    throw new AppError("model/bad-shape", `The weights contradict the config: ${shown}${more}.`, {
      hint: "Take config.json and model.safetensors from the same model.",
    });
  }
  return found;
}

export async function loadWeights(
  target: Target,
  tensors: ModelTensors,
  located: ReadonlyMap<string, Located>,
  onProgress: (done: number, total: number) => void,
): Promise<WeightBuffers> {
  const buffers = new Map<string, DeviceBuffer>();
  const symbols = weightSymbols(tensors);
  const total = weightBytes(tensors);
  let done = 0;
  try {
    for (const { storage, format } of symbols) {
      const found = located.get(storage.name);
      if (!found) throw new Error(`internal: ${storage.name} was not located`);
      const data = await read(found, format);
      const buffer = target.allocate(storage.bytes, storage.name);
      buffers.set(storage.name, buffer);
      target.write(buffer, data);
      done += storage.bytes;
      onProgress(done, total);
    }
  } catch (error) {
    for (const buffer of buffers.values()) target.free(buffer);
    throw error;
  }
  return buffers;
}

async function read({ source, entry }: Located, format: Tensor["format"]): Promise<ArrayBufferView> {
  if (format === "f16" && entry.dtype === "F16") return readRaw(source, entry);
  const values = await readTensor(source, entry);
  return format === "f16" ? f32ToF16(values) : values;
}
