/**
 * The WASM side of writing weights: f32 rows → GGUF's blocks, and a LoRA pair added to rows. One instance, whose memory
 * grows to the largest piece that it was given; callers give pieces of some megabytes.
 */
import { AppError } from "@/errors";
import { BASE64 } from "@/model/block-kernels.wasm";
import { LAYOUTS } from "@/model/weight-formats";

/** ggml's numbers of the formats that can be written. */
const TYPES = { q4_0: 2, q4_1: 3, q5_0: 6, q5_1: 7, q8_0: 8, q4_k: 12, q5_k: 13, q6_k: 14 } as const;
export type BlockFormat = keyof typeof TYPES;

export const isBlockFormat = (format: string): format is BlockFormat => Object.hasOwn(TYPES, format);

export interface BlockKernels {
  /** As many values as whole blocks → the blocks as GGUF has them. */
  quantise(format: BlockFormat, values: Float32Array): Uint8Array<ArrayBuffer>;
  /** values + scale · B A, in place.  values: [rows, columns]  b: [rows, rank]  a: [rank, columns] */
  addLora(values: Float32Array, a: Float32Array, b: Float32Array, rank: number, scale: number): void;
}

interface Exports {
  readonly memory: WebAssembly.Memory;
  free_from(): number;
  quantise(type: number, values: number, out: number, blocks: number): void;
  add_lora(w: number, a: number, b: number, rows: number, columns: number, rank: number, scale: number): void;
}

let opened: Promise<BlockKernels> | undefined;

/** Throws "device/none" where the engine has no WebAssembly SIMD. */
export function blockKernels(): Promise<BlockKernels> {
  opened ??= open();
  return opened;
}

async function open(): Promise<BlockKernels> {
  const bytes = Uint8Array.from(atob(BASE64), (char) => char.charCodeAt(0));
  if (!WebAssembly.validate(bytes)) {
    throw new AppError("device/none", "This engine has no WebAssembly SIMD, which writing quantised weights needs.", {
      hint: "Use a current Chrome, Edge, Safari or Firefox, or Node 20 or newer.",
    });
  }
  const { instance } = await WebAssembly.instantiate(bytes);
  const kernels = instance.exports as unknown as Exports;
  /** Space for these many bytes each, one after the other, from the first that is free. */
  const reserve = (...sizes: number[]): number[] => {
    const places: number[] = [];
    let end = Math.ceil(kernels.free_from() / 16) * 16;
    for (const size of sizes) {
      places.push(end);
      end = Math.ceil((end + size) / 16) * 16;
    }
    const lacking = end - kernels.memory.buffer.byteLength;
    if (lacking > 0) kernels.memory.grow(Math.ceil(lacking / 65_536));
    return places;
  };
  const put = (values: Float32Array, at: number) =>
    new Float32Array(kernels.memory.buffer, at, values.length).set(values);
  return {
    quantise: (format, values) => {
      const { values: size, bytes: blockBytes } = LAYOUTS[format];
      const blocks = values.length / size;
      if (!Number.isInteger(blocks))
        throw new AppError("internal", `${values.length} values are no blocks of ${format}.`);
      const [from = 0, to = 0] = reserve(values.byteLength, blocks * blockBytes);
      put(values, from);
      kernels.quantise(TYPES[format], from, to, blocks);
      return new Uint8Array(kernels.memory.buffer, to, blocks * blockBytes).slice();
    },
    addLora: (values, a, b, rank, scale) => {
      const rows = b.length / rank;
      const columns = a.length / rank;
      if (rows * columns !== values.length) throw new AppError("internal", "A LoRA pair does not fit its weight.");
      const [w = 0, atA = 0, atB = 0] = reserve(values.byteLength, a.byteLength, b.byteLength);
      put(values, w);
      put(a, atA);
      put(b, atB);
      kernels.add_lora(w, atA, atB, rows, columns, rank, scale);
      values.set(new Float32Array(kernels.memory.buffer, w, values.length));
    },
  };
}
