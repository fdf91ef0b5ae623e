/** JSON Lines: UTF-8 pieces → records. Only the line under way is held, and of one above the limit not even that. */
import type { DataFault } from "@/worker/api/data";
import { BATCH_ROWS, type DataRecord, MAX_LINE, type Part } from "../reader";
import { concatenate } from "./bytes";
import { clean, PROTO_NOTE } from "./clean";

const NEWLINE = 10;

export async function* readLines(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Part, void, void> {
  const batch = createBatch();
  for await (const { line, bytes } of linesOf(pieces)) {
    if (bytes === null) batch.fault(line, `The line is longer than ${MAX_LINE} bytes.`);
    else batch.parse(line, bytes);
    if (batch.size() >= BATCH_ROWS) yield batch.take();
  }
  yield batch.take();
}

/** Bytes of each line, or null for one above the limit; the last one may be empty. */
async function* linesOf(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): AsyncGenerator<{ line: number; bytes: Uint8Array | null }, void, void> {
  let held: Uint8Array[] = [];
  let length = 0;
  let line = 1;
  const finish = () => {
    const bytes = length > MAX_LINE ? null : held.length === 1 && held[0] ? held[0] : concatenate(held, length);
    held = [];
    length = 0;
    return { line: line++, bytes };
  };
  for await (const piece of pieces) {
    for (let start = 0; start < piece.length; ) {
      const found = piece.indexOf(NEWLINE, start);
      const end = found < 0 ? piece.length : found;
      length += end - start;
      if (length <= MAX_LINE) held.push(piece.subarray(start, end));
      else held = [];
      start = end + 1;
      if (found >= 0) yield finish();
    }
  }
  if (length > 0) yield finish();
}

export interface Batch {
  /** One JSON value; blank is nothing. */
  parse(line: number, bytes: Uint8Array): void;
  add(line: number, value: unknown): void;
  fault(line: number, message: string): void;
  note(text: string): void;
  size(): number;
  take(): Part;
}

export function createBatch(): Batch {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  const said = new Set<string>();
  let records: DataRecord[] = [];
  let faults: DataFault[] = [];
  let notes: string[] = [];
  const batch: Batch = {
    parse(line, bytes) {
      let text: string;
      try {
        text = decoder.decode(bytes).trim();
      } catch {
        return batch.fault(line, "The line is not UTF-8; the file may be Latin-1.");
      }
      if (text === "") return;
      let value: unknown;
      try {
        value = JSON.parse(text);
      } catch {
        return batch.fault(line, text.includes("\0") ? "The line holds NUL bytes." : "The line is not valid JSON.");
      }
      batch.add(line, value);
    },
    add(line, value) {
      const cleaned = clean(value);
      if (cleaned.proto) batch.note(PROTO_NOTE);
      if (cleaned.fault === undefined) records.push({ line, value: cleaned.value });
      else batch.fault(line, cleaned.fault);
    },
    fault(line, message) {
      faults.push({ line, message });
    },
    note(text) {
      if (!said.has(text)) notes.push(text);
      said.add(text);
    },
    size: () => records.length + faults.length,
    take() {
      const part = { records, faults, notes };
      records = [];
      faults = [];
      notes = [];
      return part;
    },
  };
  return batch;
}
