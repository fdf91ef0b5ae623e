/**
 * One pass over a file: every row is read, judged and counted; a sample of at most `data.maxRows` is held as rows, and that
 * is all that is held. A file of any size takes the memory of its sample and of one batch.
 */
import type { DataFault, Finding } from "@/worker/api/data";
import { createDispatchTally } from "./dispatch-report";
import { formatRow, otherKind } from "./formats";
import { createHold } from "./hold";
import type { DataReader } from "./reader";
import type { FormattedRow, Method, Row, RowOf } from "./row";

export interface ScanOptions<M extends Method> {
  readonly method: M;
  readonly columns: Readonly<Record<string, string>>;
  /** Whether the model has a chat template. */
  readonly chat: boolean;
  readonly maxRows: number;
  readonly seed: number;
  /** Bytes; called at most some hundred times. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Looked at between batches; throws to stop. */
  readonly check?: () => void;
}

export interface Scan<R extends Row = Row> {
  /** The rows that are held, in the file's order. */
  readonly rows: readonly FormattedRow<R>[];
  /** Good rows of the file, held or not. */
  readonly total: number;
  readonly faultCount: number;
  /** The first ones. */
  readonly faults: readonly DataFault[];
  readonly findings: readonly Finding[];
  /** Names of the file's columns, and the first records as they are, for the mapping by hand. */
  readonly columns: readonly string[];
  readonly sample: readonly Readonly<Record<string, unknown>>[];
}

const MAX_FAULTS = 1000;
const MAX_COLUMNS = 1000;
const SAMPLE_ROWS = 5;

/** Throws "dataset/malformed" when the file as a whole cannot be read. */
export async function scanFile<M extends Method>(reader: DataReader, options: ScanOptions<M>): Promise<Scan<RowOf[M]>> {
  const { method, columns, chat, maxRows, seed } = options;
  const hold = createHold<FormattedRow<RowOf[M]>>(maxRows, seed);
  const dispatch = createDispatchTally(columns);
  const names = new Set<string>();
  const notes = new Set<string>();
  const faults: DataFault[] = [];
  const sample: Record<string, unknown>[] = [];
  let faultCount = 0;
  let first: Row["kind"] | undefined;
  let told = 0;
  const fault = (found: DataFault) => {
    faultCount++;
    if (faults.length < MAX_FAULTS) faults.push(found);
  };
  for await (const batch of reader.batches()) {
    options.check?.();
    for (const name of batch.columns ?? []) if (names.size < MAX_COLUMNS) names.add(name);
    for (const note of batch.notes ?? []) notes.add(note);
    for (const found of batch.faults) fault(found);
    for (const { line, value } of batch.records) {
      if (isRecord(value)) {
        if (sample.length < SAMPLE_ROWS) sample.push(value);
        if (hold.total() < 1000) for (const name of Object.keys(value)) if (names.size < MAX_COLUMNS) names.add(name);
      }
      const row = formatRow(value, { method, columns, chat });
      if (typeof row === "string") {
        fault({ line, message: row });
        dispatch.add(line, value, null);
        continue;
      }
      dispatch.add(line, value, row.kind);
      first ??= row.kind;
      if (row.kind === first) hold.add({ line, row }, sizeOf(row));
      else fault({ line, message: otherKind(row.kind, first) });
    }
    if (batch.done - told > reader.size / 200) {
      told = batch.done;
      options.onProgress?.(Math.min(batch.done, reader.size), reader.size);
    }
  }
  return {
    rows: hold.items(),
    total: hold.total(),
    faultCount,
    faults: faults.sort((a, b) => a.line - b.line),
    findings: [...dispatch.findings(method), ...[...notes].map(fileFinding)],
    columns: [...names],
    sample,
  };
}

function fileFinding(message: string): Finding {
  return {
    gate: "file",
    severity: "amber",
    count: 0,
    rows: [],
    message,
    why: "What was read is what is shown below. Whatever was left out has no part in the run.",
  };
}

/** About how many characters are kept alive. */
function sizeOf(value: unknown): number {
  if (typeof value === "string") return value.length + 16;
  if (typeof value !== "object" || value === null) return 8;
  let sum = 32;
  for (const inner of Object.values(value)) sum += sizeOf(inner);
  return sum;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
