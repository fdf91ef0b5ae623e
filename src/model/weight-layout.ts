/**
 * A model's own weights as what is trained: one flat buffer of f32 with a slice per tensor, and gradients and whatever the
 * optimizer keeps laid out alike. The weights that were opened stay beside it, as the base of every comparison, and
 * those that a pattern freezes are read from there.
 *
 * Matrices come first, then vectors (norms and biases), since weight decay is for matrices alone. Rows of a matrix are
 * rounded up to a multiple of 4 with zeros, which stay zero: their gradient is that of outputs that nobody reads.
 */
import { AppError } from "@/errors";
import { external, slice } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { type Architecture, expectedTensors } from "@/model/architecture";
import { type Located, tensorRows } from "@/model/located";
import type { ModelTensors } from "@/model/weights";
import { PROJECTIONS, type Recipe } from "@/train/recipe";
import { fitsGlob, nearestNames } from "@/util/glob";
import { createRandom } from "@/util/random";

export interface WeightSlot {
  /** As the model's files call it. */
  readonly name: string;
  readonly shape: readonly number[];
  /** Offset into the flat buffer, in f32 elements. */
  readonly at: number;
  /** Values, without padding. */
  readonly size: number;
  /** A matrix of a hidden layer, neither embedding nor head: [outputs, inputs]. */
  readonly hidden?: readonly [number, number];
}

export interface WeightLayout {
  readonly kind: "full";
  /** What `adapter_scale` of the Step is while they train: gradients are taken as they are. */
  readonly scale: 1;
  readonly slots: readonly WeightSlot[];
  /** Length of the flat buffer in f32 elements: every matrix, then every vector. */
  readonly length: number;
  /** Where the first vector lies. */
  readonly firstVector: number;
  /** Without padding. */
  readonly parameters: number;
}

/** Slices are bound by WebGPU, which wants multiples of 256 bytes. */
const ALIGN = 64;

/** Throws AppError "recipe/invalid" for a pattern that fits no weight, or when nothing is left to train. */
export function weightLayout(arch: Architecture, patterns: Pick<Recipe["full"], "train" | "freeze">): WeightLayout {
  const shapes = expectedTensors(arch, PROJECTIONS);
  const chosen = new Set(chosenNames([...shapes.keys()], patterns));
  const tensors = [...shapes].filter(([name]) => chosen.has(name));
  const matrices = tensors.filter(([, shape]) => shape.length > 1);
  const vectors = tensors.filter(([, shape]) => shape.length === 1);
  let length = 0;
  const place = ([name, shape]: (typeof tensors)[number]): WeightSlot => {
    const [rows = 0, columns = 1] = shape;
    const at = length;
    length += Math.ceil((Math.ceil(rows / 4) * 4 * columns) / ALIGN) * ALIGN;
    const hidden = shape.length === 2 && name !== arch.names.embedding && name !== arch.names.head;
    return { name, shape, at, size: rows * columns, ...(hidden ? { hidden: [rows, columns] as const } : {}) };
  };
  const first = matrices.map(place);
  const firstVector = length;
  const slots = [...first, ...vectors.map(place)];
  const parameters = slots.reduce((sum, { size }) => sum + size, 0);
  return { kind: "full", scale: 1, slots, length, firstVector, parameters };
}

function chosenNames(names: readonly string[], { train, freeze }: Pick<Recipe["full"], "train" | "freeze">): string[] {
  for (const [field, patterns] of Object.entries({ train, freeze })) {
    for (const pattern of patterns) {
      if (names.some((name) => fitsGlob(pattern, name))) continue;
      const near = nearestNames(pattern, names, 3).join(", ");
      throw new AppError("recipe/invalid", `full.${field}: "${pattern}" fits no weight of this model.`, {
        hint: `The nearest names: ${near}. A * stands for anything.`,
      });
    }
  }
  const fitsAny = (patterns: readonly string[], name: string) => patterns.some((pattern) => fitsGlob(pattern, name));
  const chosen = names.filter((name) => (train.length === 0 || fitsAny(train, name)) && !fitsAny(freeze, name));
  if (chosen.length > 0) return chosen;
  throw new AppError("recipe/invalid", "Every weight is frozen, so nothing would be trained.", {
    hint: "Take a pattern out of full.freeze, or put one into full.train.",
  });
}

/** The model's symbols with the trained weights in their places; with `trained`, each has its gradient's slice. */
export function trainedTensors(tensors: ModelTensors, layout: WeightLayout, trained: boolean): ModelTensors {
  const flat = external("adapter", [layout.length]);
  const gradient = external("adapter.grad", [layout.length]);
  const slots = new Map(layout.slots.map((slot) => [slot.name, slot]));
  const swap = (tensor: Tensor): Tensor => {
    const slot = slots.get(tensor.storage.name);
    if (!slot) return tensor;
    const own = slice(flat, slot.at * 4, slot.shape);
    return trained ? { ...own, needsGrad: true, grad: slice(gradient, slot.at * 4, slot.shape) } : own;
  };
  const swapAll = <Names extends object>(record: Names): Names =>
    Object.fromEntries(Object.entries(record).map(([name, tensor]) => [name, swap(tensor as Tensor)])) as Names;
  return {
    embedding: swap(tensors.embedding),
    head: swap(tensors.head),
    finalNorm: swap(tensors.finalNorm),
    layers: tensors.layers.map(({ norms, projections, biases }) => ({
      norms: swapAll(norms),
      projections: swapAll(projections),
      biases: swapAll(biases),
    })),
  };
}

/** The weights as the model's files have them, with what reading adds to norms. */
export async function storedWeights(
  layout: WeightLayout,
  located: ReadonlyMap<string, Located>,
): Promise<Float32Array<ArrayBuffer>> {
  const flat = new Float32Array(layout.length);
  for (const { name, at, shape } of layout.slots) {
    const source = located.get(name);
    if (!source) throw new Error(`internal: ${name} was not located`);
    const columns = shape.at(-1) ?? 0;
    for await (const { firstRow, values } of tensorRows(source)) flat.set(values, at + firstRow * columns);
  }
  return flat;
}

/** As transformers begins from scratch: matrices from N(0, deviation²), norms 1, biases 0. */
export function randomWeights(
  layout: WeightLayout,
  arch: Architecture,
  seed: number,
  deviation: number,
): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.length);
  const random = createRandom(seed, 2);
  const biases = new Set(
    Array.from({ length: arch.layers }, (_, layer) => PROJECTIONS.map((name) => arch.names.bias(layer, name))).flat(),
  );
  for (const { name, shape, at, size } of layout.slots) {
    if (shape.length === 1) flat.fill(biases.has(name) ? 0 : 1, at, at + size);
    else for (let i = at; i < at + size; i++) flat[i] = deviation * random.normal();
  }
  return flat;
}

/** The model's tensors with the trained values in their places, as an export reads them. */
export function trainedLocated(
  layout: WeightLayout,
  flat: Float32Array<ArrayBuffer>,
  located: ReadonlyMap<string, Located>,
): Map<string, Located> {
  const found = new Map(located);
  for (const { name, shape, at } of layout.slots) {
    const { offset = 0 } = located.get(name) ?? {};
    const columns = shape.at(-1) ?? 0;
    const read: Located["read"] = async (firstRow, rows) => {
      const values = flat.slice(at + firstRow * columns, at + (firstRow + rows) * columns);
      // What reading adds comes off again, so that the file holds what its family's files hold.
      if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) - offset;
      return new Uint8Array(values.buffer);
    };
    found.set(name, { shape, stored: "f32", group: 1, read, ...(offset === 0 ? {} : { offset }) });
  }
  return found;
}
