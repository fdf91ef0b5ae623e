/**
 * Weights from files to the device, tensor by tensor, so that a model is never held twice. Everything that is wrong with
 * the files is collected and told at once, before anything is allocated.
 */
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { readHeader } from "@/files/safetensors";
import { external } from "@/graph/graph";
import type { DeviceBuffer, Target, Tensor, WeightFormat } from "@/graph/target";
import { type Architecture, expectedTensors, type LayerNorm, normTensors } from "@/model/architecture";
import { convertTensor, fromSafetensors, type Located } from "@/model/located";
import { fitFormat, storedBytes } from "@/model/weight-formats";
import { PROJECTIONS, type Projection } from "@/train/recipe";

export interface LayerTensors {
  readonly norms: Readonly<Partial<Record<LayerNorm, Tensor>>>;
  readonly projections: Readonly<Record<Projection, Tensor>>;
  readonly biases: Readonly<Partial<Record<Projection, Tensor>>>;
}
/** A model's weights as symbols of a trace; storages carry the names of the files' tensors. */
export interface ModelTensors {
  readonly embedding: Tensor;
  readonly head: Tensor;
  readonly finalNorm: Tensor;
  readonly layers: readonly LayerTensors[];
}

export type WeightBuffers = ReadonlyMap<string, DeviceBuffer>;

/** How matrices are kept: all alike, or each by its tensor's name. */
export type Formats = WeightFormat | ((name: string) => WeightFormat);

/** Norms and biases are f32 always; so is a matrix whose rows the format's blocks do not divide. */
export function modelTensors(arch: Architecture, formats: Formats): ModelTensors {
  const { names } = arch;
  const shapes = expectedTensors(arch, PROJECTIONS);
  const symbol = (name: string) => {
    const shape = shapes.get(name) ?? [];
    const wanted = typeof formats === "string" ? formats : formats(name);
    const format = shape.length === 1 ? "f32" : fitFormat(wanted, shape.at(-1) ?? 0);
    return external(name, shape, format, storedBytes(format, shape));
  };
  const embedding = symbol(names.embedding);
  const layers = Array.from({ length: arch.layers }, (_, layer) => ({
    norms: byName(Object.keys(arch.norms) as LayerNorm[], (which) => symbol(names.norm(layer, which))),
    projections: byName(PROJECTIONS, (projection) => symbol(names.projection(layer, projection))),
    biases: byName(arch.biases, (projection) => symbol(names.bias(layer, projection))),
  }));
  return { embedding, head: arch.tied ? embedding : symbol(names.head), finalNorm: symbol(names.finalNorm), layers };
}

function byName<Name extends string>(names: readonly Name[], make: (name: Name) => Tensor): Record<Name, Tensor> {
  return Object.fromEntries(names.map((name) => [name, make(name)])) as Record<Name, Tensor>;
}

export function weightSymbols({ embedding, head, finalNorm, layers }: ModelTensors): Tensor[] {
  const all = layers.flatMap(({ norms, projections, biases }) => [norms, projections, biases].flatMap(Object.values));
  return [...new Set([embedding, head, finalNorm, ...all])];
}

export function weightBytes(tensors: ModelTensors): number {
  return weightSymbols(tensors).reduce((sum, { storage }) => sum + storage.bytes, 0);
}

/** The formats of the matrices for people, the one with most bytes first: "q4_1 + q8_0". */
export function formatLabel(tensors: ModelTensors): string {
  const bytes = new Map<string, number>();
  for (const { shape, format, storage } of weightSymbols(tensors)) {
    if (shape.length > 1) bytes.set(format, (bytes.get(format) ?? 0) + storage.bytes);
  }
  const ordered = [...bytes].sort(([, a], [, b]) => b - a);
  return ordered.map(([format]) => format).join(" + ");
}

/** Finds every tensor of the architecture in safetensors files. Throws AppError "model/bad-shape" that lists all faults. */
export async function locateTensors(arch: Architecture, files: readonly ByteSource[]): Promise<Map<string, Located>> {
  const expected = expectedTensors(arch, PROJECTIONS);
  const found = new Map<string, Located>();
  for (const source of files) {
    // By name within a file, as the converters of others have them.
    const entries = [...(await readHeader(source))].sort(([a], [b]) => (a < b ? -1 : 1));
    for (const [name, entry] of entries) {
      if (expected.has(name)) found.set(name, fromSafetensors(source, entry));
    }
  }
  requireTensors(arch, found, "Take config.json and model.safetensors from the same model.");
  if (arch.normOffset !== 0) {
    for (const name of normTensors(arch).keys()) {
      const located = found.get(name);
      if (located) found.set(name, { ...located, offset: arch.normOffset });
    }
  }
  return found;
}

/** Throws AppError "model/bad-shape" that lists every tensor that is missing or of the wrong shape. */
export function requireTensors(arch: Architecture, found: ReadonlyMap<string, Located>, hint: string): void {
  const faults: string[] = [];
  for (const [name, shape] of expectedTensors(arch, PROJECTIONS)) {
    const located = found.get(name);
    if (!located) faults.push(`${name} is missing`);
    else if (located.shape.join() !== shape.join()) {
      faults.push(`${name} is [${located.shape.join(", ")}], the config says [${shape.join(", ")}]`);
    }
  }
  if (faults.length === 0) return;
  const shown = faults.slice(0, 5).join("; ");
  const more = faults.length > 5 ? `; and ${faults.length - 5} more` : "";
  throw new AppError("model/bad-shape", `The weights contradict the config: ${shown}${more}.`, { hint });
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
      const buffer = target.allocate(storage.bytes, storage.name);
      buffers.set(storage.name, buffer);
      await convertTensor(storage.name, found, format as WeightFormat, (data, at) => {
        target.write(buffer, data, at);
        done += data.byteLength;
        onProgress(done, total);
      });
    }
  } catch (error) {
    for (const buffer of buffers.values()) target.free(buffer);
    throw error;
  }
  return buffers;
}
