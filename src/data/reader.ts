/**
 * One pass over a data file, a batch of records at a time, so that a file of any size takes the memory of one batch.
 * Each kind of file fills this interface; whoever reads may stop early and may read again from the beginning.
 */
import type { DataFault } from "@/worker/api";
import type { DataRecord } from "./read";

export interface ReadBatch {
  /** In the file's order. */
  readonly records: readonly DataRecord[];
  /** Bad lines, kept apart with their numbers; the good ones go on. */
  readonly faults: readonly DataFault[];
  /** Bytes of the file that lie behind this batch. */
  readonly done: number;
}

export interface DataReader {
  /** For people. */
  readonly name: string;
  /** In bytes. */
  readonly size: number;
  /** Throws "dataset/malformed" when the file as a whole cannot be read. */
  batches(): AsyncGenerator<ReadBatch, void, void>;
}
