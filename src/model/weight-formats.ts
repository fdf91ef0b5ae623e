/**
 * How frozen weights are stored on the device, and back to f32. Quantised blocks stay quantised; kernels unpack them.
 *
 * A row is contiguous and a whole number of 32-bit words, so rows can be permuted or cut without unpacking. Where a GGUF
 * block is whole words, it is kept as it is in the file. Where it is not, the f16 scales `d` of a row come first, padded to a
 * word, and then the blocks without them: kernels load words only, and a row needs no constant but its width.
 *
 *   format  values  file B   row on the device, nb = columns / values            x =
 *   f32          1       4   f32[columns]
 *   f16          1       2   f16[columns]
 *   bf16         1       2   bf16[columns], the upper halves of f32
 *   q8_0        32      34   f16 d[nb] ‖ nb × i8 q[32]                           d q
 *   q4_0        32      18   f16 d[nb] ‖ nb × u8 q[16]                           d (q - 8)
 *   q4_1        32      20   nb × {f16 d, f16 m, u8 q[16]}                       d q + m
 *   q5_0        32      22   f16 d[nb] ‖ nb × {u32 h, u8 q[16]}                  d (q + 16 h - 16)
 *   q5_1        32      24   nb × {f16 d, f16 m, u32 h, u8 q[16]}                d (q + 16 h) + m
 *   q4_k       256     144   nb × {f16 d, f16 e, u8 s[12], u8 q[128]}            d s q - e m
 *   q5_k       256     176   nb × {f16 d, f16 e, u8 s[12], u8 h[32], u8 q[128]}  d s (q + 16 h) - e m
 *   q6_k       256     210   f16 d[nb] ‖ nb × {u8 q[128], u8 h[64], i8 s[16]}    d s (q + 16 h - 32)
 *   nf4         64       –   nb × {f32 a, u8 q[32]}                              a NF4[q]
 *
 * Nibbles: in blocks of 32 byte j holds value j low and j + 16 high; in nf4 j and j + 32; in q4_k and q5_k the same per 64
 * values; in q6_k per 128 values byte j holds j and j + 64. Bits h: of value j bit j (q5_0, q5_1), of value 32 s + j bit s of
 * byte j (q5_k), of value 32 t + j bits 2t of byte j per 128 values (q6_k). Each shaders/lib/weight-*.wgsl says it again.
 */
import type { WeightFormat } from "@/graph/target";
import { f16ToF32 } from "@/util/bytes";

interface Layout {
  /** Values of a block. */
  readonly values: number;
  /** Bytes of a block as GGUF has it (of ours for nf4, which GGUF does not know). */
  readonly bytes: number;
  /** Where in the block the f16 is that moves to the front of the row. */
  readonly scaleAt?: number;
}

export const LAYOUTS: Readonly<Record<WeightFormat, Layout>> = {
  f32: { values: 1, bytes: 4 },
  f16: { values: 1, bytes: 2 },
  bf16: { values: 1, bytes: 2 },
  q8_0: { values: 32, bytes: 34, scaleAt: 0 },
  q4_0: { values: 32, bytes: 18, scaleAt: 0 },
  q4_1: { values: 32, bytes: 20 },
  q5_0: { values: 32, bytes: 22, scaleAt: 0 },
  q5_1: { values: 32, bytes: 24 },
  q4_k: { values: 256, bytes: 144 },
  q5_k: { values: 256, bytes: 176 },
  q6_k: { values: 256, bytes: 210, scaleAt: 208 },
  nf4: { values: 64, bytes: 36 },
};

/** bitsandbytes' NormalFloat4: quantiles of the normal distribution, ends at ±1, zero exact (Dettmers et al. 2023). */
export const NF4 = Float32Array.of(
  -1,
  -0.6961928009986877,
  -0.5250730514526367,
  -0.39491748809814453,
  -0.28444138169288635,
  -0.18477343022823334,
  -0.09105003625154495,
  0,
  0.07958029955625534,
  0.16093020141124725,
  0.24611230194568634,
  0.33791524171829224,
  0.44070982933044434,
  0.5626170039176941,
  0.7229568362236023,
  1,
);

/** Bytes of one row on the device. `columns` must be a multiple of the format's block. */
export function rowBytes(format: WeightFormat, columns: number): number {
  const { values, bytes, scaleAt } = LAYOUTS[format];
  const blocks = columns / values;
  return scaleAt === undefined ? blocks * bytes : scaleBytes(blocks) + blocks * (bytes - 2);
}

/** The format itself where its blocks divide the rows; else the closest one whose blocks do. */
export function fitFormat(format: WeightFormat, columns: number): WeightFormat {
  if (columns % LAYOUTS[format].values === 0) return format;
  return format === "nf4" && columns % LAYOUTS.q8_0.values === 0 ? "q8_0" : "f32";
}

export function storedBytes(format: WeightFormat, shape: readonly number[]): number {
  const rows = shape.slice(0, -1).reduce((product, n) => product * n, 1);
  return rows * rowBytes(format, shape.at(-1) ?? 0);
}

/** Bytes of the f16 scales at the front of a row. */
const scaleBytes = (blocks: number) => Math.ceil(blocks / 2) * 4;

/** From a file's blocks to the device's layout. Formats that are whole words come back as they are. */
export function repack(
  format: WeightFormat,
  blocks: Uint8Array<ArrayBuffer>,
  columns: number,
): Uint8Array<ArrayBuffer> {
  const { values, bytes, scaleAt } = LAYOUTS[format];
  if (scaleAt === undefined) return blocks;
  const perRow = columns / values;
  const rows = blocks.length / (perRow * bytes);
  const stride = rowBytes(format, columns);
  const stored = new Uint8Array(rows * stride);
  const bodyFrom = scaleAt === 0 ? 2 : 0;
  const body = bytes - 2;
  let from = 0;
  for (let row = 0; row < rows; row++) {
    let scale = row * stride;
    let to = scale + scaleBytes(perRow);
    for (let block = 0; block < perRow; block++, from += bytes, scale += 2, to += body) {
      stored[scale] = blocks[from + scaleAt] as number;
      stored[scale + 1] = blocks[from + scaleAt + 1] as number;
      const start = from + bodyFrom;
      for (let i = 0; i < body; i++) stored[to + i] = blocks[start + i] as number;
    }
  }
  return stored;
}

/** A matrix in the device's layout as f32, bit for bit as ggml's reference has it. */
export function dequantise(
  format: WeightFormat,
  stored: Uint8Array<ArrayBuffer>,
  columns: number,
): Float32Array<ArrayBuffer> {
  const rows = stored.length / rowBytes(format, columns);
  const out = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) dequantiseRow(format, stored, row, columns, out, row * columns);
  return out;
}

export function dequantiseRow(
  format: WeightFormat,
  stored: Uint8Array<ArrayBuffer>,
  row: number,
  columns: number,
  out: Float32Array,
  to: number,
): void {
  const { values, bytes, scaleAt } = LAYOUTS[format];
  const view = new DataView(stored.buffer, stored.byteOffset + row * rowBytes(format, columns));
  const unpack = UNPACK[format];
  const blocks = columns / values;
  const planar = scaleAt !== undefined;
  const first = planar ? scaleBytes(blocks) : 0;
  const body = planar ? bytes - 2 : bytes;
  for (let block = 0; block < blocks; block++) {
    const at = first + block * body;
    unpack(view, at, half(view, planar ? block * 2 : at), out, to + block * values);
  }
}

/** Block at byte `at` → values at out[to …]. `d` is the block's f16 scale, where it has one. */
type Unpack = (view: DataView, at: number, d: number, out: Float32Array, to: number) => void;

const { fround } = Math;
const low = (view: DataView, at: number) => view.getUint8(at) & 15;
const high = (view: DataView, at: number) => view.getUint8(at) >> 4;

const UNPACK: Readonly<Record<WeightFormat, Unpack>> = {
  f32: (view, at, _, out, to) => {
    out[to] = view.getFloat32(at, true);
  },
  f16: (_, __, d, out, to) => {
    out[to] = d;
  },
  bf16: (view, at, _, out, to) => {
    out[to] = upperHalf(view.getUint16(at, true));
  },
  q8_0: (view, at, d, out, to) => {
    for (let j = 0; j < 32; j++) out[to + j] = d * view.getInt8(at + j);
  },
  q4_0: (view, at, d, out, to) => {
    for (let j = 0; j < 16; j++) {
      out[to + j] = d * (low(view, at + j) - 8);
      out[to + j + 16] = d * (high(view, at + j) - 8);
    }
  },
  q4_1: (view, at, d, out, to) => {
    const m = half(view, at + 2);
    for (let j = 0; j < 16; j++) {
      out[to + j] = fround(d * low(view, at + 4 + j)) + m;
      out[to + j + 16] = fround(d * high(view, at + 4 + j)) + m;
    }
  },
  q5_0: (view, at, d, out, to) => {
    const bits = view.getUint32(at, true);
    for (let j = 0; j < 16; j++) {
      out[to + j] = d * (low(view, at + 4 + j) + 16 * ((bits >>> j) & 1) - 16);
      out[to + j + 16] = d * (high(view, at + 4 + j) + 16 * ((bits >>> (j + 16)) & 1) - 16);
    }
  },
  q5_1: (view, at, d, out, to) => {
    const m = half(view, at + 2);
    const bits = view.getUint32(at + 4, true);
    for (let j = 0; j < 16; j++) {
      out[to + j] = fround(d * (low(view, at + 8 + j) + 16 * ((bits >>> j) & 1))) + m;
      out[to + j + 16] = fround(d * (high(view, at + 8 + j) + 16 * ((bits >>> (j + 16)) & 1))) + m;
    }
  },
  q4_k: (view, at, d, out, to) => {
    subBlocks(view, at, d, (s, scale, min) => {
      const from = at + 16 + 32 * (s >> 1);
      for (let j = 0; j < 32; j++) {
        const q = s % 2 === 0 ? low(view, from + j) : high(view, from + j);
        out[to + 32 * s + j] = fround(scale * q) - min;
      }
    });
  },
  q5_k: (view, at, d, out, to) => {
    subBlocks(view, at, d, (s, scale, min) => {
      const from = at + 48 + 32 * (s >> 1);
      for (let j = 0; j < 32; j++) {
        const q = s % 2 === 0 ? low(view, from + j) : high(view, from + j);
        out[to + 32 * s + j] = fround(scale * (q + 16 * ((view.getUint8(at + 16 + j) >> s) & 1))) - min;
      }
    });
  },
  q6_k: (view, at, d, out, to) => {
    for (let i = 0; i < 256; i++) {
      const part = (i >> 5) & 3;
      const byte = at + 64 * (i >> 7) + 32 * (part & 1) + (i & 31);
      const q = part < 2 ? low(view, byte) : high(view, byte);
      const h = (view.getUint8(at + 128 + 32 * (i >> 7) + (i & 31)) >> (2 * part)) & 3;
      out[to + i] = fround(d * view.getInt8(at + 192 + (i >> 4))) * (q + 16 * h - 32);
    }
  },
  nf4: (view, at, _, out, to) => {
    const a = view.getFloat32(at, true);
    for (let j = 0; j < 32; j++) {
      out[to + j] = a * (NF4[low(view, at + 4 + j)] as number);
      out[to + j + 32] = a * (NF4[high(view, at + 4 + j)] as number);
    }
  },
};

/** The eight sub-blocks of a q4_k or q5_k block, whose scales and minima are packed in six bits each. */
function subBlocks(view: DataView, at: number, d: number, each: (s: number, scale: number, min: number) => void): void {
  const e = half(view, at + 2);
  for (let s = 0; s < 8; s++) {
    const i = at + 4 + (s & 3);
    const [first, second, third] = [view.getUint8(i), view.getUint8(i + 4), view.getUint8(i + 8)];
    const scale = s < 4 ? first & 63 : (third & 15) | ((first >> 6) << 4);
    const min = s < 4 ? second & 63 : (third >> 4) | ((second >> 6) << 4);
    each(s, fround(d * scale), fround(e * min));
  }
}

const word = new DataView(new ArrayBuffer(4));
function upperHalf(bits: number): number {
  word.setUint16(0, bits);
  return word.getFloat32(0);
}

let halfTable: Float32Array | undefined;
function half(view: DataView, at: number): number {
  halfTable ??= f16ToF32(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits));
  return halfTable[view.getUint16(at, true)] as number;
}
