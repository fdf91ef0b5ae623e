/**
 * Page headers of a row group, looked at before anything is unpacked: each says how many values it holds, and a reader makes
 * room for as many. A chunk's pages may hold together what the footer says of the chunk, and no more.
 */
import type { AsyncBuffer, RowGroup } from "hyparquet";
import { AppError } from "@/errors";

type Chunk = RowGroup["columns"][number];

interface Held {
  readonly start: number;
  readonly bytes: Uint8Array;
}

/**
 * The file as far as these chunks reach, in memory, so that what was checked is what is read; all else reads as zeros.
 * Throws AppError "file/too-large" where a page claims more values than its chunk has.
 */
export async function checkedChunks(file: AsyncBuffer, chunks: readonly Chunk[]): Promise<AsyncBuffer> {
  const { parquetHeader } = await import("hyparquet/src/column.js");
  const held: Held[] = [];
  for (const { meta_data: meta } of chunks) {
    if (!meta) continue;
    const start = Number(meta.dictionary_page_offset || meta.data_page_offset);
    const end = Math.min(start + Number(meta.total_compressed_size), file.byteLength);
    const bytes = new Uint8Array(await file.slice(start, end));
    const limit = Number(meta.num_values);
    let values = 0;
    const reader = { view: new DataView(bytes.buffer), offset: 0 };
    while (reader.offset < bytes.length - 1) {
      const page = parquetHeader(reader);
      const size = page.compressed_page_size;
      if (!(size >= 0)) throw tooMany(`a page claims ${size} bytes`);
      reader.offset += size;
      const entries = page.dictionary_page_header?.num_values ?? 0;
      const found = page.data_page_header?.num_values ?? page.data_page_header_v2?.num_values ?? 0;
      values += found;
      if (!(values <= limit && entries <= limit && found >= 0 && entries >= 0))
        throw tooMany(`its pages claim ${entries || found} values where the footer says ${limit}`);
    }
    held.push({ start, bytes });
  }
  return { byteLength: file.byteLength, slice: (start, end = file.byteLength) => copyOf(held, start, end) };
}

const tooMany = (message: string) => new AppError("file/too-large", message);

function copyOf(held: readonly Held[], start: number, end: number): ArrayBuffer {
  const copy = new Uint8Array(Math.max(0, end - start));
  for (const { start: first, bytes } of held) {
    const from = Math.max(start, first);
    const to = Math.min(end, first + bytes.length);
    if (from < to) copy.set(bytes.subarray(from - first, to - first), from - start);
  }
  return copy.buffer;
}
