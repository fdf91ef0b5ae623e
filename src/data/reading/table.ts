/**
 * CSV and its kin over Papa Parse, in pieces: whatever Papa makes of the last row of a piece may be half of one, so that
 * row is parsed again with the next piece. A quote that never closes costs its own line only.
 */
import Papa from "papaparse";
import { MAX_LINE, type Part } from "../reader";
import { PROTO_NOTE } from "./clean";
import { type Batch, createBatch } from "./lines";

/** A table that is wider keeps the columns that somebody may read, by name. */
const WIDE = 200;
const MAX_RECOVERIES = 100;

interface Row {
  readonly cells: readonly string[];
  readonly errors: readonly Papa.ParseError[];
  /** Where it ends in the text. */
  readonly end: number;
}

export async function* readTable(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  wanted: (column: string) => boolean,
): AsyncGenerator<Part, void, void> {
  const batch = createBatch();
  const decode = createDecoder();
  const table = createTable(batch, wanted, decode.broken);
  for await (const piece of pieces) {
    table.push(decode.push(piece), false);
    yield { ...batch.take(), ...table.columns() };
  }
  table.push(decode.end(), true);
  if (decode.broken())
    batch.note("Some of the file is not UTF-8; it may be Latin-1. The lines concerned are left out.");
  yield { ...batch.take(), ...table.columns() };
}

/** Bytes that are not UTF-8 become U+FFFD. */
function createDecoder() {
  const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
  let broken = false;
  const decode = (bytes: Uint8Array, stream: boolean) => {
    if (!broken) {
      try {
        // Both see every byte, so that the lenient one can take over in the middle of a character.
        const text = strict.decode(bytes, { stream });
        lenient.decode(bytes, { stream });
        return text;
      } catch {
        broken = true;
      }
    }
    return lenient.decode(bytes, { stream });
  };
  return {
    push: (bytes: Uint8Array) => decode(bytes, true),
    end: () => decode(new Uint8Array(), false),
    broken: () => broken,
  };
}

function createTable(batch: Batch, wanted: (column: string) => boolean, replaced: () => boolean) {
  let text = "";
  let line = 1;
  let delimiter = ",";
  let newline: Newline | undefined;
  let header: readonly string[] | undefined;
  let keep: readonly number[] = [];
  let announced = false;
  let recoveries = 0;

  const accept = (row: Row, from: number) => {
    const at = line;
    line += countBreaks(text, from, row.end);
    const { cells } = row;
    if (cells.length === 1 && cells[0]?.trim() === "") return;
    const fault = faultOf(row, header, replaced());
    if (fault) batch.fault(at, fault);
    else if (header) batch.add(at, recordOf(header, keep, cells));
    else {
      header = cells.map((cell) => cell.trim());
      keep = keptColumns(header, wanted, batch);
    }
  };

  return {
    columns: () => {
      if (!header || announced) return {};
      announced = true;
      return { columns: header.slice(0, 10_000) };
    },
    push(more: string, last: boolean) {
      text += more;
      if (newline === undefined) {
        if (!last && !text.includes("\n") && text.length <= MAX_LINE) return;
        newline = newlineOf(text);
        delimiter = delimiterOf(text);
      }
      for (;;) {
        const rows = parse(text, delimiter, newline);
        const unclosed = (row: Row | undefined) => row?.errors.some(({ code }) => code === "MissingQuotes") ?? false;
        const whole = last && !unclosed(rows.at(-1)) ? rows : rows.slice(0, -1);
        let from = 0;
        for (const row of whole) {
          accept(row, from);
          from = row.end;
        }
        text = text.slice(from);
        // A row that does not end: its first line is given up, and the rest is read as if it were not there.
        const stuck = last ? text !== "" : text.length > MAX_LINE;
        if (!stuck) return;
        const quote = unclosed(rows.at(-1));
        batch.fault(
          line,
          quote ? "A quote is opened here and never closed." : `The row is longer than ${MAX_LINE} characters.`,
        );
        const next = text.indexOf("\n");
        if (next < 0 || recoveries++ >= MAX_RECOVERIES) {
          text = "";
          return;
        }
        text = text.slice(next + 1);
        line++;
      }
    },
  };
}

type Newline = "\n" | "\r\n" | "\r";

/** Papa would guess anew at each piece, and a piece may end between both halves. */
function newlineOf(text: string): Newline {
  const at = text.indexOf("\n");
  if (at < 0) return text.includes("\r") ? "\r" : "\n";
  return text[at - 1] === "\r" ? "\r\n" : "\n";
}

function parse(text: string, delimiter: string, newline: Newline): Row[] {
  const rows: Row[] = [];
  if (text === "") return rows;
  Papa.parse<string[]>(text, {
    delimiter,
    newline,
    step: ({ data: cells, errors, meta }) => {
      rows.push({ cells, errors, end: meta.cursor });
    },
  });
  return rows;
}

function keptColumns(header: readonly string[], wanted: (column: string) => boolean, batch: Batch): number[] {
  if (header.includes("__proto__")) batch.note(PROTO_NOTE);
  const all = header.map((_, i) => i).filter((i) => header[i] !== "__proto__");
  if (header.length <= WIDE) return all;
  const kept = all.filter((i) => wanted(header[i] ?? ""));
  batch.note(`The table has ${header.length} columns; of so many, only those that a trainer reads are kept.`);
  return kept.length > 0 ? kept : all.slice(0, WIDE);
}

/** The one that the header has most of; papaparse's own guess needs more rows than small files have. */
function delimiterOf(text: string): string {
  const header = text.trimStart().split("\n", 1)[0] ?? "";
  const counts = [",", "\t", ";", "|"].map((mark) => ({ mark, count: header.split(mark).length }));
  return counts.reduce((best, next) => (next.count > best.count ? next : best)).mark;
}

function faultOf({ cells, errors }: Row, header: readonly string[] | undefined, replaced: boolean): string | undefined {
  if (errors.some(({ code }) => code === "InvalidQuotes"))
    return "A quote stands inside of a cell without being doubled.";
  if (cells.some((cell) => cell.includes("\0"))) return "The line holds NUL bytes.";
  if (replaced && cells.some((cell) => cell.includes("\ufffd")))
    return "The line is not UTF-8; the file may be Latin-1.";
  if (cells.some((cell) => cell.length > MAX_LINE)) return `A cell is longer than ${MAX_LINE} characters.`;
  if (header && cells.length !== header.length)
    return `The line has ${cells.length} cells, the header ${header.length}.`;
  return undefined;
}

/** Without a prototype, so that a column named constructor is only a column. */
function recordOf(header: readonly string[], keep: readonly number[], cells: readonly string[]): object {
  const record: Record<string, string> = Object.create(null);
  for (const i of keep) record[header[i] ?? ""] = cells[i] ?? "";
  return record;
}

function countBreaks(text: string, from: number, to: number): number {
  let count = 0;
  for (let at = text.indexOf("\n", from); at >= 0 && at < to; at = text.indexOf("\n", at + 1)) count++;
  return count;
}
