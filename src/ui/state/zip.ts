/**
 * A ZIP of stored (uncompressed) files, for the one download that holds a model or an adapter: float weights do not
 * compress. The files themselves become parts of the ZIP, so that they stay on disk; fflate would take and give bytes in
 * memory, or stream entries whose length stands behind them, which not every reader can follow where nothing is
 * compressed. Format: APPNOTE 6.3.3, sections 4.3.7, 4.3.12, 4.3.16.
 */
import { AppError } from "@/errors";
import type { NamedFile } from "@/worker/api/sources";

const UTF8_NAMES = 0x0800;
/** 1980-01-01, the earliest date that the format knows: the same adapter always gives the same bytes. */
const DOS_DATE = 0x0021;
/** Places and sizes are 32 bits. */
const MOST_BYTES = 2 ** 32 - 1;

/** Throws AppError "file/too-large" for what the format cannot hold. */
export async function zipStored(files: readonly NamedFile[]): Promise<Blob> {
  const parts: BlobPart[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, blob } of files) {
    const nameBytes = new TextEncoder().encode(name);
    const crc = await crcOf(blob);
    const local = header(0x04034b50, 30, nameBytes, crc, blob.size, 0);
    parts.push(local, blob);
    directory.push(header(0x02014b50, 46, nameBytes, crc, blob.size, offset));
    offset += local.length + blob.size;
    if (offset > MOST_BYTES) {
      throw new AppError("file/too-large", "These files are more than a ZIP of 4 GB holds.", {
        hint: "Save them one by one, or into a folder.",
      });
    }
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return new Blob([...parts, ...directory, endRecord(files.length, size, offset)], { type: "application/zip" });
}

/** Local and central headers share their middle; the central one has two bytes more in front and an offset behind. */
function header(signature: number, length: number, name: Uint8Array, crc: number, size: number, offset: number) {
  const bytes = new Uint8Array(length + name.length);
  const view = new DataView(bytes.buffer);
  const central = length === 46;
  const at = central ? 6 : 4;
  view.setUint32(0, signature, true);
  if (central) view.setUint16(4, 20, true);
  view.setUint16(at, 20, true);
  view.setUint16(at + 2, UTF8_NAMES, true);
  view.setUint16(at + 8, DOS_DATE, true);
  view.setUint32(at + 10, crc, true);
  view.setUint32(at + 14, size, true);
  view.setUint32(at + 18, size, true);
  view.setUint16(at + 22, name.length, true);
  if (central) view.setUint32(42, offset, true);
  bytes.set(name, length);
  return bytes;
}

function endRecord(count: number, size: number, offset: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(22);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, 0x06054b50, true);
  view.setUint16(8, count, true);
  view.setUint16(10, count, true);
  view.setUint32(12, size, true);
  view.setUint32(16, offset, true);
  return bytes;
}

async function crcOf(blob: Blob): Promise<number> {
  let crc = 0;
  const reader = blob.stream().getReader();
  for (let { done, value } = await reader.read(); !done && value; { done, value } = await reader.read()) {
    crc = crc32(value, crc);
  }
  return crc;
}

/** `before` is that of the bytes in front of these. */
export function crc32(data: Uint8Array, before = 0): number {
  let crc = ~before;
  for (const byte of data) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
