/**
 * A ZIP of stored (uncompressed) files, for the one download that holds an adapter: float weights do not compress, so
 * a deflate library would cost bytes and save none. Format: APPNOTE 6.3.3, sections 4.3.7, 4.3.12, 4.3.16.
 */
export interface ZipEntry {
  readonly name: string;
  readonly data: Uint8Array<ArrayBuffer>;
}

const UTF8_NAMES = 0x0800;
/** 1980-01-01, the earliest date that the format knows: the same adapter always gives the same bytes. */
const DOS_DATE = 0x0021;

export function zipStored(entries: readonly ZipEntry[]): Blob {
  const parts: Uint8Array<ArrayBuffer>[] = [];
  const directory: Uint8Array<ArrayBuffer>[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const crc = crc32(data);
    const local = header(0x04034b50, 30, nameBytes, crc, data.length, 0);
    parts.push(local, data);
    directory.push(header(0x02014b50, 46, nameBytes, crc, data.length, offset));
    offset += local.length + data.length;
  }
  const size = directory.reduce((sum, part) => sum + part.length, 0);
  return new Blob([...parts, ...directory, endRecord(entries.length, size, offset)], { type: "application/zip" });
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

export function crc32(data: Uint8Array): number {
  let crc = ~0;
  for (const byte of data) crc = (crc >>> 8) ^ (TABLE[(crc ^ byte) & 0xff] ?? 0);
  return ~crc >>> 0;
}

const TABLE = Uint32Array.from({ length: 256 }, (_, index) => {
  let value = index;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});
