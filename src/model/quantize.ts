/**
 * Quantising f32 matrices to block formats while they are loaded, in the device's layout (see weight-formats.ts).
 *
 *   q8_0   d = max|x| / 127, q = round(x · 1/d), halves away from zero; d is stored as f16     (as ggml's reference, to the bit)
 *   nf4    a = max|x|, q = the entry of NF4 next to x / a                                      (as bitsandbytes, to the bit)
 *
 * Every step is rounded to f32, because the references compute so.
 */
import { LAYOUTS, NF4, repack, rowBytes } from "@/model/weight-formats";
import { f32ToF16 } from "@/util/bytes";

const { fround } = Math;

export function quantise(
  format: "q8_0" | "nf4",
  values: Float32Array<ArrayBuffer>,
  columns: number,
): Uint8Array<ArrayBuffer> {
  return format === "q8_0" ? repack("q8_0", quantiseQ8(values), columns) : quantiseNf4(values, columns);
}

/** In GGUF's own blocks: f16 d, i8 q[32]. */
export function quantiseQ8(values: Float32Array): Uint8Array<ArrayBuffer> {
  const { values: size, bytes } = LAYOUTS.q8_0;
  const blocks = values.length / size;
  const out = new Uint8Array(blocks * bytes);
  const scales = new Float32Array(blocks);
  for (let block = 0; block < blocks; block++) {
    const from = block * size;
    const d = fround(largest(values, from, size) / 127);
    const inverse = d === 0 ? 0 : fround(1 / d);
    scales[block] = d;
    const to = block * bytes + 2;
    for (let i = 0; i < size; i++) {
      const x = fround((values[from + i] as number) * inverse);
      out[to + i] = Math.sign(x) * Math.floor(Math.abs(x) + 0.5);
    }
  }
  const halves = new Uint8Array(f32ToF16(scales).buffer);
  for (let block = 0; block < blocks; block++) {
    out.set(halves.subarray(block * 2, block * 2 + 2), block * bytes);
  }
  return out;
}

/** bitsandbytes' own borders, which lie within one unit in the last place of the middles of NF4's entries. */
const BORDERS = Float32Array.of(
  -0.8480964004993439,
  -0.6106329262256622,
  -0.4599952697753906,
  -0.33967943489551544,
  -0.23460740596055984,
  -0.13791173323988914,
  -0.045525018125772476,
  0.03979014977812767,
  0.1202552504837513,
  0.2035212516784668,
  0.2920137718319893,
  0.3893125355243683,
  0.5016634166240692,
  0.6427869200706482,
  0.8614784181118011,
);

function quantiseNf4(values: Float32Array, columns: number): Uint8Array<ArrayBuffer> {
  const { values: size, bytes } = LAYOUTS.nf4;
  const blocks = values.length / size;
  const out = new Uint8Array((values.length / columns) * rowBytes("nf4", columns));
  const view = new DataView(out.buffer);
  for (let block = 0; block < blocks; block++) {
    const from = block * size;
    const to = block * bytes;
    const a = largest(values, from, size);
    const inverse = a === 0 ? 0 : fround(1 / a);
    view.setFloat32(to, a, true);
    for (let j = 0; j < 32; j++) {
      const low = nearest(fround((values[from + j] as number) * inverse));
      const high = nearest(fround((values[from + j + 32] as number) * inverse));
      out[to + 4 + j] = low | (high << 4);
    }
  }
  return out;
}

/** How many borders lie below x: the index of its entry in NF4. */
function nearest(x: number): number {
  let low = 0;
  let high = NF4.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (x > (BORDERS[middle] as number)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function largest(values: Float32Array, from: number, count: number): number {
  let most = 0;
  for (let i = from; i < from + count; i++) most = Math.max(most, Math.abs(values[i] as number));
  return most;
}
