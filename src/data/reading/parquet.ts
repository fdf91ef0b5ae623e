/**
 * Parquet over hyparquet: the footer, then one row group after another, and of each only the columns that somebody reads,
 * by range. Sizes that the file claims are checked before anything of that size is made: a page of kilobytes may say that
 * it unpacks to gigabytes, or that it holds a billion nulls.
 */
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup } from "hyparquet";
import { AppError } from "@/errors";
import type { ByteSource } from "@/files/byte-source";
import { BATCH_ROWS, type Part } from "../reader";
import { createBatch } from "./lines";
import { checkedChunks } from "./parquet-pages";

const MAX_GROUP_BYTES = 512e6;
const MAX_GROUP_ROWS = 2 ** 21;
const MAX_PAGE_BYTES = 128e6;
const MAX_FOOTER_BYTES = 64e6;
/** Columns that are read where none has a name that a trainer knows, for the mapping by hand. */
const MAX_COLUMNS = 50;

/** Throws "dataset/malformed" when the footer cannot be read. A row group that cannot is a fault of its rows. */
export async function* readParquet(
  source: ByteSource,
  wanted: (column: string) => boolean,
  allColumns: boolean,
): AsyncGenerator<Part, void, void> {
  const { parquetMetadataAsync, parquetReadObjects } = await import("hyparquet");
  const file = asyncBuffer(source);
  const metadata = await footer(source, () => parquetMetadataAsync(file));
  const names = [...new Set(metadata.row_groups[0]?.columns.map((chunk) => topName(chunk)) ?? [])];
  const known = names.filter(wanted);
  const columns = allColumns || known.length === 0 ? names.slice(0, MAX_COLUMNS) : known;
  const batch = createBatch();
  yield { ...batch.take(), columns: names.slice(0, 10_000) };

  const compressors = await decompressors();
  let first = 0;
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    const line = first + 1;
    const limit = tooLarge(group, columns, rows);
    if (limit) batch.fault(line, `${limit}; its ${rows} rows are left out.`);
    else {
      try {
        const checked = await checkedChunks(file, chunksOf(group, columns));
        const found = await parquetReadObjects({
          ...{ file: checked, metadata, columns, compressors },
          ...{ rowStart: first, rowEnd: first + rows },
        });
        for (const [i, value] of found.entries()) {
          batch.add(line + i, value);
          if (batch.size() >= BATCH_ROWS) yield batch.take();
        }
      } catch (error) {
        if (error instanceof AppError && error.code !== "file/too-large") throw error;
        const why = error instanceof Error ? error.message : String(error);
        batch.fault(line, `The row group that begins here cannot be read (${why}); its ${rows} rows are left out.`);
      }
    }
    first += rows;
    yield batch.take();
  }
}

function asyncBuffer(source: ByteSource): AsyncBuffer {
  return {
    byteLength: source.size,
    slice: async (start, end = source.size) => (await source.read(start, end - start)).buffer,
  };
}

async function footer(source: ByteSource, read: () => Promise<FileMetaData>): Promise<FileMetaData> {
  const fault = (why: string, cause?: unknown) =>
    new AppError("dataset/malformed", `The Parquet file cannot be read: ${why}.`, {
      hint: "Download it again; it may be cut off, or not be Parquet at all.",
      cause,
    });
  if (source.size < 12) throw fault("it is too short");
  const end = await source.read(source.size - 8, 8);
  const length = new DataView(end.buffer).getUint32(0, true);
  if (new TextDecoder().decode(end.subarray(4)) !== "PAR1") throw fault("it does not end as Parquet does");
  if (length > MAX_FOOTER_BYTES || length + 12 > source.size) throw fault(`its footer claims ${length} bytes`);
  try {
    return await read();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    throw fault(cause instanceof Error ? cause.message : "its footer is broken", cause);
  }
}

const topName = (chunk: RowGroup["columns"][number]) => chunk.meta_data?.path_in_schema[0] ?? "";

const chunksOf = (group: RowGroup, columns: readonly string[]) =>
  group.columns.filter((chunk) => columns.includes(topName(chunk)));

function tooLarge(group: RowGroup, columns: readonly string[], rows: number): string | null {
  const chunks = chunksOf(group, columns);
  const sizes = ["total_uncompressed_size", "total_compressed_size"] as const;
  const bytes = Math.max(
    ...sizes.map((size) => chunks.reduce((sum, { meta_data: meta }) => sum + Number(meta?.[size] ?? 0), 0)),
  );
  const values = Math.max(0, ...chunks.map(({ meta_data: meta }) => Number(meta?.num_values ?? 0)));
  if (!(rows <= MAX_GROUP_ROWS) || !(values <= 16 * MAX_GROUP_ROWS)) {
    return `The row group claims ${Math.max(rows, values)} values`;
  }
  return bytes <= MAX_GROUP_BYTES ? null : `The row group unpacks to ${Math.round(bytes / 1e6)} MB`;
}

/** Each looks at the size it is to make first. */
async function decompressors(): Promise<Compressors> {
  const { compressors } = await import("hyparquet-compressors");
  const guarded = Object.entries(compressors).map(([name, unpack]) => [
    name,
    (input: Uint8Array, size: number) => {
      if (size <= MAX_PAGE_BYTES) return unpack(input, size);
      throw new AppError("file/too-large", `a page of ${input.length} bytes claims to unpack to ${size}`);
    },
  ]);
  return Object.fromEntries(guarded) as Compressors;
}
