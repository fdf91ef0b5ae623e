/**
 * A LoRA adapter as one flat buffer: every A [R, in] and B [out, R] is a slice of it, and gradients and both moments
 * have the same layout. Zeroing, clipping, AdamW and saving are then one operation each.
 *
 * The stored rank is rounded up to a multiple of 4 with zeros. They stay zero: a padding row of A yields h = 0, so its
 * column of B gets no gradient, and a padding column of B hands none to A.
 */
import { AppError } from "@/errors";
import { external, slice } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import { type Architecture, projectionShape } from "@/model/architecture";
import { type LoraSettings, pairSize, scaleOf, settingsOf } from "@/model/lora";
import type { LoraPair } from "@/ops/linear";
import type { Projection } from "@/train/recipe";
import { createRandom } from "@/util/random";

export interface AdapterSlot {
  /** "layers.3.q_proj" */
  readonly key: string;
  readonly layer: number;
  readonly projection: Projection;
  readonly inputs: number;
  readonly outputs: number;
  readonly rank: number;
  /** Rank as stored. */
  readonly rows: number;
  /** Its scale, as a multiple of the layout's. */
  readonly factor: number;
  /** Offsets into the flat buffer, in f32 elements. */
  readonly a: number;
  readonly b: number;
  /** With DoRA, of the magnitudes, and of the rows' lengths in the buffer that holds those. */
  readonly m?: number;
  readonly norm?: number;
}

export interface AdapterLayout extends LoraSettings {
  readonly kind: "lora";
  /** What `adapter_scale` of the Step is while the adapter is on. */
  readonly scale: number;
  readonly slots: readonly AdapterSlot[];
  /** Length of the flat buffer in f32 elements: every A, then every B, then every magnitude. */
  readonly length: number;
  /** Where the first B lies. */
  readonly firstB: number;
  /** Length of the buffer "adapter.norms", which holds what the rows' lengths are now; 0 without DoRA. */
  readonly norms: number;
  /** Without padding. */
  readonly parameters: number;
}

/** a: [R, in]  b: [out, R], of the true rank  m: [out], of DoRA alone */
export interface PairValues {
  readonly a: Float32Array;
  readonly b: Float32Array;
  readonly m?: Float32Array;
}
/** By slot key. */
export type AdapterTensors = ReadonlyMap<string, PairValues>;

/** Slices are bound by WebGPU, which wants multiples of 256 bytes. */
const ALIGN = 64;

export function adapterLayout(arch: Architecture, settings: LoraSettings): AdapterLayout {
  const { targets } = settings;
  const scale = scaleOf(settings);
  const places: Omit<AdapterSlot, "a" | "b">[] = [];
  for (let layer = 0; layer < arch.layers; layer++) {
    for (const projection of targets) {
      const [outputs, inputs] = projectionShape(arch, projection);
      const own = pairSize(settings, layer, projection);
      const key = `layers.${layer}.${projection}`;
      const rows = Math.ceil(own.rank / 4) * 4;
      places.push({ key, layer, projection, inputs, outputs, rank: own.rank, rows, factor: own.scale / scale });
    }
  }
  let length = 0;
  const reserve = (elements: number) => {
    const at = length;
    length += Math.ceil(elements / ALIGN) * ALIGN;
    return at;
  };
  const starts = places.map(({ rows, inputs }) => reserve(rows * inputs));
  const firstB = length;
  const pairs = places.map((place, i) => ({ ...place, a: starts[i] ?? 0, b: reserve(place.rows * place.outputs) }));
  const firstM = length;
  const slots = settings.useDora
    ? pairs.map((pair) => {
        const m = reserve(pair.outputs);
        return { ...pair, m, norm: m - firstM };
      })
    : pairs;
  const own = settings.useDora ? 1 : 0;
  const parameters = slots.reduce(
    (sum, slot) => sum + slot.rank * (slot.inputs + slot.outputs) + own * slot.outputs,
    0,
  );
  return { kind: "lora", ...settingsOf(settings), scale, slots, length, firstB, norms: length - firstM, parameters };
}

function withoutMagnitude(key: string): AppError {
  return new AppError("adapter/mismatch", `This adapter is DoRA's, and has no magnitudes for ${key}.`, {
    hint: "Give an adapter that covers its modules in every layer of the model.",
  });
}

export type AdapterPairs = ReadonlyMap<string, LoraPair>;

/** The adapter's symbols for a trace. With `trained`, each slice carries its gradient slice and each pair its dropout. */
export function adapterPairs(layout: AdapterLayout, trained: boolean): AdapterPairs {
  const flat = external("adapter", [layout.length]);
  const gradient = external("adapter.grad", [layout.length]);
  const lengths = external("adapter.norms", [layout.norms]);
  const rate = trained ? (layout.dropout ?? 0) : 0;
  const view = (at: number, shape: readonly number[]): Tensor => {
    const tensor = slice(flat, at * 4, shape);
    return trained ? { ...tensor, needsGrad: true, grad: slice(gradient, at * 4, shape) } : tensor;
  };
  return new Map(
    layout.slots.map(({ key, a, b, m, norm = 0, inputs, outputs, rows, factor }, site) => [
      key,
      {
        a: view(a, [rows, inputs]),
        b: view(b, [outputs, rows]),
        factor,
        ...(rate > 0 ? { dropout: { rate, site } } : {}),
        ...(m === undefined ? {} : { magnitude: { m: view(m, [outputs]), norm: slice(lengths, norm * 4, [outputs]) } }),
      },
    ]),
  );
}

/** PEFT's two starts: A ~ U(-1/√in, 1/√in) (Kaiming uniform with a = √5) or A ~ N(0, 1/r²), and B = 0. */
export function initialAdapter(
  layout: AdapterLayout,
  seed: number,
  init: "kaiming" | "gaussian" = "kaiming",
): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.length);
  const random = createRandom(seed, 1);
  for (const { a, inputs, rank } of layout.slots) {
    const bound = 1 / Math.sqrt(inputs);
    const draw = init === "kaiming" ? () => (2 * random.float() - 1) * bound : () => random.normal() / rank;
    for (let i = 0; i < rank * inputs; i++) flat[a + i] = draw();
  }
  return flat;
}

/**
 * Slots without a pair stay zero, which changes nothing: adapters of others may cover some layers only. With DoRA each
 * needs its magnitudes. Throws AppError "adapter/mismatch" where they are missing.
 */
export function packAdapter(layout: AdapterLayout, tensors: AdapterTensors): Float32Array<ArrayBuffer> {
  const flat = new Float32Array(layout.length);
  for (const { key, a, b, m, outputs, rank, rows } of layout.slots) {
    const pair = tensors.get(key);
    if (m !== undefined) {
      if (!pair?.m) throw withoutMagnitude(key);
      flat.set(pair.m, m);
    }
    if (!pair) continue;
    flat.set(pair.a, a);
    for (let row = 0; row < outputs; row++) flat.set(pair.b.subarray(row * rank, (row + 1) * rank), b + row * rows);
  }
  return flat;
}

export function unpackAdapter(layout: AdapterLayout, flat: Float32Array): AdapterTensors {
  return new Map(
    layout.slots.map(({ key, a, b, m, inputs, outputs, rank, rows }) => {
      const low = new Float32Array(outputs * rank);
      for (let row = 0; row < outputs; row++) {
        low.set(flat.subarray(b + row * rows, b + row * rows + rank), row * rank);
      }
      const magnitude = m === undefined ? {} : { m: flat.slice(m, m + outputs) };
      return [key, { a: flat.slice(a, a + rank * inputs), b: low, ...magnitude }];
    }),
  );
}
