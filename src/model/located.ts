/**
 * A tensor in a model's file, whatever the container, and how it gets into the device's format. It is read and converted
 * in pieces of whole rows, so that a large embedding is never held as f32.
 */
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { readTensor, type TensorEntry } from "@/files/safetensors";
import type { WeightFormat } from "@/graph/target";
import { quantise } from "@/model/quantize";
import { dequantise, LAYOUTS, repack, rowBytes } from "@/model/weight-formats";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "@/util/bytes";

/** How a file stores values; blocks are those of GGUF. */
export type Stored = Exclude<WeightFormat, "nf4">;

export interface Located {
  readonly shape: readonly number[];
  readonly stored: Stored;
  /** Rows come in groups of so many; only multiples of it are asked for. */
  readonly group: number;
  /** The file's bytes of these rows. */
  readonly read: (firstRow: number, rows: number) => Promise<Uint8Array<ArrayBuffer>>;
  /** Added to every value as it is read. */
  readonly offset?: number;
}

/** Bytes of a file that are held at once. */
const PIECE = 32_000_000;

const columnsOf = ({ shape }: Located) => shape.at(-1) ?? 0;
const rowsOf = ({ shape }: Located) => shape.slice(0, -1).reduce((product, n) => product * n, 1);
const fileRowBytes = (stored: Stored, columns: number) => (columns / LAYOUTS[stored].values) * LAYOUTS[stored].bytes;

/** A tensor of a safetensors file. Types other than floats fail when they are read. */
export function fromSafetensors(source: ByteSource, entry: TensorEntry): Located {
  const { shape, dtype, offset } = entry;
  const stored = dtype === "F16" ? "f16" : dtype === "BF16" ? "bf16" : "f32";
  const stride = fileRowBytes(stored, shape.at(-1) ?? 0);
  const read: Located["read"] =
    stored === "f32" && dtype !== "F32"
      ? async () => new Uint8Array((await readTensor(source, entry)).buffer)
      : (firstRow, rows) => source.read(offset + firstRow * stride, rows * stride);
  return { shape, stored, group: 1, read };
}

/**
 * The tensor in the device's format, piece by piece: `write` gets each with its place in bytes. Throws "file/malformed"
 * for values that are not finite.
 */
export async function convertTensor(
  name: string,
  located: Located,
  format: WeightFormat,
  write: (data: ArrayBufferView, at: number) => void,
  pieceBytes = PIECE,
): Promise<void> {
  const columns = columnsOf(located);
  const rows = rowsOf(located);
  const { group } = located;
  const perPiece = Math.max(1, Math.floor(pieceBytes / fileRowBytes(located.stored, columns) / group)) * group;
  for (let row = 0; row < rows; row += perPiece) {
    const bytes = await located.read(row, Math.min(perPiece, rows - row));
    const data = convert(bytes, located, format, columns);
    requireFinite(name, data, format, columns);
    write(data, row * rowBytes(format, columns));
  }
}

/** The file's own bytes of a tensor, a piece at a time: what a hash of the model is taken over. */
export async function* storedPieces(located: Located, pieceBytes = PIECE): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const rows = rowsOf(located);
  const rowSize = fileRowBytes(located.stored, columnsOf(located));
  const perPiece = Math.max(1, Math.floor(pieceBytes / rowSize / located.group)) * located.group;
  for (let row = 0; row < rows; row += perPiece) yield located.read(row, Math.min(perPiece, rows - row));
}

/** Rows as f32, a piece at a time; pieces are whole groups. `group` may ask for larger groups than the tensor's own. */
export async function* tensorRows(
  located: Located,
  group = 1,
  pieceValues = PIECE / 16,
): AsyncGenerator<{ firstRow: number; rows: number; values: Float32Array<ArrayBuffer> }> {
  const columns = columnsOf(located);
  const rows = rowsOf(located);
  const unit = Math.max(group, located.group);
  const perPiece = Math.max(1, Math.floor(pieceValues / columns / unit)) * unit;
  for (let firstRow = 0; firstRow < rows; firstRow += perPiece) {
    const count = Math.min(perPiece, rows - firstRow);
    const values = toF32(await located.read(firstRow, count), located.stored, columns);
    const { offset = 0 } = located;
    if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + offset;
    yield { firstRow, rows: count, values };
  }
}

function convert(bytes: Uint8Array<ArrayBuffer>, located: Located, format: WeightFormat, columns: number): Uint8Array {
  const { stored, offset = 0 } = located;
  if (stored === format && offset === 0) return repack(format, bytes, columns);
  const values = toF32(bytes, stored, columns);
  if (offset !== 0) for (let i = 0; i < values.length; i++) values[i] = (values[i] as number) + offset;
  if (format === "f32") return new Uint8Array(values.buffer);
  if (format === "f16") return new Uint8Array(f32ToF16(values).buffer);
  if (format === "bf16") return new Uint8Array(f32ToBf16(values).buffer);
  if (format === "q8_0" || format === "nf4") return quantise(format, values, columns);
  throw new AppError("internal", `Nothing quantises to ${format}.`);
}

function toF32(bytes: Uint8Array<ArrayBuffer>, stored: Stored, columns: number): Float32Array<ArrayBuffer> {
  if (stored === "f32") return new Float32Array(bytes.buffer);
  if (stored === "f16") return f16ToF32(new Uint16Array(bytes.buffer));
  if (stored === "bf16") return bf16ToF32(new Uint16Array(bytes.buffer));
  return dequantise(stored, repack(stored, bytes, columns), columns);
}

/** Numbers that a block's values are made from; codes are always finite. */
function requireFinite(name: string, data: Uint8Array, format: WeightFormat, columns: number): void {
  const { values, bytes, scaleAt } = LAYOUTS[format];
  const wide = format === "f32" || format === "nf4";
  const words = wide
    ? new Uint32Array(data.buffer, data.byteOffset, data.length / 4)
    : new Uint16Array(data.buffer, data.byteOffset, data.length / 2);
  const exponent = wide ? 0x7f800000 : format === "bf16" ? 0x7f80 : 0x7c00;
  const unit = words.BYTES_PER_ELEMENT;
  // In planar rows one scale per block at the front; else one or two of them open each block.
  const stride = scaleAt === undefined ? bytes / unit : rowBytes(format, columns) / unit;
  const scales = scaleAt === undefined ? (values === 1 || wide ? 1 : 2) : columns / values;
  for (let at = 0; at < words.length; at += stride) {
    for (let i = at; i < at + scales; i++) {
      if (((words[i] as number) & exponent) !== exponent) continue;
      throw new AppError("file/malformed", `The weights of ${name} hold values that are not numbers.`, {
        hint: "The model is broken, or its download; get it again, or choose another.",
      });
    }
  }
}
