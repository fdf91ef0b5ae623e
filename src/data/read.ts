/**
 * Text of a data file → records, whatever is wrong with some of them. JSON Lines, a JSON array, CSV or TSV, told apart
 * by the file's name and, where that says nothing, by its first character.
 *
 * One bad line of ten thousand must not stop a run, nor vanish: good rows are kept, faults carry their line.
 */
import Papa from "papaparse";
import { AppError } from "@/errors";
import type { DataFault } from "@/worker/api";

export interface DataRecord {
  /** Where it begins, from 1; for a JSON array, the number of the element. */
  readonly line: number;
  readonly value: unknown;
}

export interface ReadResult {
  readonly records: readonly DataRecord[];
  readonly faults: readonly DataFault[];
}

/** In UTF-16 units. */
const MAX_LINE = 8_000_000;

/** Throws "dataset/malformed" when the file as a whole cannot be read, "dataset/empty" when no row is usable. */
export function readRecords(text: string, name: string): ReadResult {
  const body = text.startsWith("\uFEFF") ? text.slice(1) : text;
  const result = reader(body, name)(body);
  if (result.records.length > 0) return result;
  const first = result.faults[0];
  const why = first ? `; line ${first.line}: ${first.message}` : "";
  throw new AppError("dataset/empty", `${name} has no usable row${why}.`, {
    hint: "Give one JSON object per line with prompt and completion, with messages, or with text; or a CSV with these columns.",
  });
}

function reader(body: string, name: string): (body: string) => ReadResult {
  const extension = /\.(\w+)$/.exec(name)?.[1]?.toLowerCase();
  if (extension === "csv" || extension === "tsv") return readTable;
  const start = body.slice(0, 1000).trimStart()[0];
  if (start === "[" && extension !== "jsonl") return readArray;
  if (extension === "jsonl" || extension === "json" || extension === "ndjson" || start === "{") return readLines;
  return readTable;
}

function readLines(body: string): ReadResult {
  const records: DataRecord[] = [];
  const faults: DataFault[] = [];
  let line = 0;
  for (let start = 0; start < body.length; ) {
    line++;
    const found = body.indexOf("\n", start);
    const end = found < 0 ? body.length : found;
    const from = start;
    start = end + 1;
    if (end - from > MAX_LINE) {
      faults.push({ line, message: `The line is longer than ${MAX_LINE} characters.` });
      continue;
    }
    const content = body.slice(from, end).trim();
    if (content === "") continue;
    try {
      records.push({ line, value: JSON.parse(content) });
    } catch {
      faults.push({
        line,
        message: content.includes("\0") ? "The line holds NUL bytes." : "The line is not valid JSON.",
      });
    }
  }
  return { records, faults };
}

function readArray(body: string): ReadResult {
  let values: unknown;
  try {
    values = JSON.parse(body);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : "";
    throw new AppError("dataset/malformed", `The JSON array is broken${placeOf(detail, body)}.`, {
      hint: "Correct it there, or write one object per line (JSON Lines), where a bad line spoils nothing else.",
      cause,
    });
  }
  const elements = Array.isArray(values) ? values : [values];
  return { records: elements.map((value, i) => ({ line: i + 1, value })), faults: [] };
}

/** Engines name the place in different words. */
function placeOf(detail: string, body: string): string {
  const line = /line (\d+)/.exec(detail)?.[1];
  if (line) return ` at line ${line}`;
  const position = /position (\d+)/.exec(detail)?.[1];
  return position ? ` at line ${countBreaks(body, 0, Number(position)) + 1}` : "";
}

function readTable(body: string): ReadResult {
  const records: DataRecord[] = [];
  const faults: DataFault[] = [];
  let header: readonly string[] | undefined;
  let line = 1;
  let cursor = 0;
  Papa.parse<string[]>(body, {
    delimiter: delimiterOf(body),
    step({ data: cells, errors, meta }) {
      const at = line;
      line += countBreaks(body, cursor, meta.cursor);
      cursor = meta.cursor;
      if (cells.length === 1 && cells[0]?.trim() === "") return;
      const fault = faultOf(cells, errors, header);
      if (fault) faults.push({ line: at, message: fault });
      else if (header) records.push({ line: at, value: recordOf(header, cells) });
      else header = cells.map((cell) => cell.trim());
    },
  });
  return { records, faults };
}

/** The one that the header has most of; papaparse's own guess needs more rows than small files have. */
function delimiterOf(body: string): string {
  const header = body.trimStart().split("\n", 1)[0] ?? "";
  const counts = [",", "\t", ";", "|"].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

function faultOf(
  cells: readonly string[],
  errors: readonly Papa.ParseError[],
  header: readonly string[] | undefined,
): string | undefined {
  if (errors.some(({ code }) => code === "MissingQuotes")) return "A quote is opened here and never closed.";
  if (errors.some(({ code }) => code === "InvalidQuotes"))
    return "A quote stands inside of a cell without being doubled.";
  if (cells.some((cell) => cell.includes("\0"))) return "The line holds NUL bytes.";
  if (cells.some((cell) => cell.length > MAX_LINE)) return `A cell is longer than ${MAX_LINE} characters.`;
  if (header && cells.length !== header.length)
    return `The line has ${cells.length} cells, the header ${header.length}.`;
  return undefined;
}

/** Without a prototype, so that a column named __proto__ or constructor is only a column. */
function recordOf(header: readonly string[], cells: readonly string[]): object {
  const record: Record<string, string> = Object.create(null);
  header.forEach((column, i) => {
    record[column] = cells[i] ?? "";
  });
  return record;
}

function countBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
