/** A data file of any kind → its reader. Parquet, zip and gzip are known by their first bytes, texts by name and content. */

import { AppError } from "@/errors";
import { gunzip, unzip } from "@/files/archive";
import { type ByteSource, fromBlob, fromBytes } from "@/files/byte-source";
import { FOREIGN_COLUMNS, TRL_COLUMNS } from "../convert";
import type { DataReader, Part } from "../reader";
import { type Bytes, bytesOf, peek } from "./bytes";
import { readParquet } from "./parquet";
import { readText } from "./text";

export interface ReadOptions {
  /** TRL's name → the file's; of tables that hold more than is read, these are kept. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Graders may ask for any column. */
  readonly allColumns?: boolean;
}

/** Of an archive's entries. */
const READABLE = /\.(jsonl|ndjson|json|csv|tsv|txt)$/i;

const noted = (...notes: string[]): Part => ({ records: [], faults: [], notes });

export interface DataFile {
  readonly name: string;
  readonly bytes: Bytes;
}

export const fileOfBlob = (name: string, blob: Blob): DataFile => ({ name, bytes: bytesOf(fromBlob(blob)) });
export const fileOfSource = (name: string, source: ByteSource): DataFile => ({ name, bytes: bytesOf(source) });
export const fileOfText = (name: string, text: string): DataFile =>
  fileOfSource(name, fromBytes(new TextEncoder().encode(text)));

/** Several files are read as one set, as shards are; lines count within each. */
export function openReader(name: string, files: readonly DataFile[], options: ReadOptions = {}): DataReader {
  const known = new Set<string>([...TRL_COLUMNS, ...FOREIGN_COLUMNS]);
  const mapped = Object.values(options.columns ?? {});
  const wanted =
    mapped.length > 0 ? (column: string) => mapped.includes(column) : (column: string) => known.has(column);
  return {
    name,
    size: files.reduce((sum, { bytes }) => sum + bytes.size, 0),
    async *batches() {
      let before = 0;
      for (const file of files) {
        const counter = { bytes: 0 };
        for await (const part of parts(file, counter, wanted, options.allColumns ?? false)) {
          yield { ...part, done: before + counter.bytes };
        }
        before += file.bytes.size;
      }
    },
  };
}

async function* parts(
  { name, bytes }: DataFile,
  counter: { bytes: number },
  wanted: (column: string) => boolean,
  allColumns: boolean,
): AsyncGenerator<Part, void, void> {
  if (bytes.random && bytes.size >= 4 && startsWith(await bytes.random.read(0, 4), "PAR1")) {
    return yield* readParquet(counted(bytes.random, counter), wanted, allColumns);
  }
  const { head, rest } = await peek(counting(bytes.pieces(), counter));
  const all = allColumns ? () => true : wanted;
  if (startsWith(head, "PAR1")) {
    throw new AppError("dataset/malformed", `${name} is Parquet, but cannot be read in parts from where it lies.`, {
      hint: "Download it, then open the file.",
    });
  }
  if (startsWith(head, "PK\x03\x04")) {
    for await (const found of unzip(rest, READABLE)) {
      if ("note" in found) yield noted(found.note);
      else yield* readText(found.entry.name, found.entry.pieces(), all);
    }
  } else if (head[0] === 0x1f && head[1] === 0x8b) {
    const entry = gunzip(name, rest);
    yield* readText(entry.name, entry.pieces(), all);
    if (entry.fault()) yield noted(`${name}: ${entry.fault()}`);
  } else yield* readText(name, rest, all);
}

function startsWith(head: Uint8Array, mark: string): boolean {
  return head.length >= mark.length && [...mark].every((character, i) => head[i] === character.charCodeAt(0));
}

async function* counting(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  counter: { bytes: number },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  for await (const piece of pieces) {
    counter.bytes += piece.length;
    yield piece;
  }
}

function counted(source: ByteSource, counter: { bytes: number }): ByteSource {
  return {
    size: source.size,
    read(offset, length) {
      counter.bytes = Math.max(counter.bytes, Math.min(source.size, offset + length));
      return source.read(offset, length);
    },
  };
}
