/**
 * One pass over a data file, a batch of records at a time, so that a file of any size takes the memory of one batch.
 * Each kind of file fills this interface (`reading/`); whoever reads may stop early, and may read again from the start.
 */
import type { DataFault } from "@/worker/api/data";

export interface DataRecord {
  /** Where it begins, from 1; in arrays, tables of records and Parquet, the number of the element. */
  readonly line: number;
  readonly value: unknown;
}

export interface ReadBatch {
  /** In the file's order. */
  readonly records: readonly DataRecord[];
  /** Bad lines, kept apart with their numbers; the good ones go on. */
  readonly faults: readonly DataFault[];
  /** Bytes of the file that lie behind this batch. */
  readonly done: number;
  /** What is to be said of the file as a whole, each once. */
  readonly notes?: readonly string[];
  /** The table's columns, those that are not read included; on the first batch of kinds of files that have a header. */
  readonly columns?: readonly string[];
}

export interface DataReader {
  /** For people. */
  readonly name: string;
  /** In bytes; 0 where it is not known. */
  readonly size: number;
  /** Throws "dataset/malformed" when the file as a whole cannot be read. */
  batches(): AsyncGenerator<ReadBatch, void, void>;
}

/** What a reader of one kind of file gives; whoever opened the file adds how far it is. */
export type Part = Omit<ReadBatch, "done">;

/** In bytes, or UTF-16 units where the text is decoded already. */
export const MAX_LINE = 8_000_000;
export const BATCH_ROWS = 1000;
