/**
 * A JSON array, element by element: brackets and strings are followed byte by byte (UTF-8 never hides a bracket inside
 * another character), each element is parsed alone, and only the one under way is held.
 */
import { AppError } from "@/errors";
import { BATCH_ROWS, MAX_LINE, type Part } from "../reader";
import { createBatch } from "./lines";

const [QUOTE, SLASH, COMMA, OPEN, CLOSE, OPEN_OBJECT, CLOSE_OBJECT] = [...'"\\,[]{}'].map((c) => c.charCodeAt(0)) as [
  number,
  number,
  number,
  number,
  number,
  number,
  number,
];

/** Throws "dataset/malformed" when no element is usable; an array that breaks off later keeps those before. */
export async function* readArray(pieces: AsyncIterable<Uint8Array<ArrayBuffer>>): AsyncGenerator<Part, void, void> {
  const batch = createBatch();
  const scan = createScan();
  let count = 0;
  for await (const piece of pieces) {
    for (const element of scan.push(piece)) {
      count++;
      if (element === null) batch.fault(count, `The element is longer than ${MAX_LINE} bytes.`);
      else batch.parse(count, element);
      if (batch.size() >= BATCH_ROWS) yield batch.take();
    }
  }
  if (!scan.closed()) {
    if (count === 0) throw broken();
    batch.fault(count + 1, "The array breaks off here: its closing bracket is missing.");
  }
  yield batch.take();
}

function broken(): AppError {
  return new AppError("dataset/malformed", "The JSON array is broken: it has no whole element.", {
    hint: "Correct it, or write one object per line (JSON Lines), where a bad line spoils nothing else.",
  });
}

interface Scan {
  push(piece: Uint8Array): Generator<Uint8Array | null, void, void>;
  closed(): boolean;
}

function createScan(): Scan {
  // Depth 0 is before the array, 1 within it, more within an element.
  let depth = 0;
  let closed = false;
  let inString = false;
  let escaped = false;
  let held: Uint8Array<ArrayBuffer> = new Uint8Array(1 << 16);
  let length = 0;
  const keep = (byte: number) => {
    if (length >= MAX_LINE) {
      length = MAX_LINE + 1;
      return;
    }
    if (length === held.length) {
      const larger = new Uint8Array(held.length * 2);
      larger.set(held);
      held = larger;
    }
    held[length++] = byte;
  };
  const finish = (): Uint8Array | null => {
    const element = length > MAX_LINE ? null : held.slice(0, length);
    length = 0;
    return element;
  };
  const blank = () => length <= MAX_LINE && held.subarray(0, length).every((byte) => byte <= 32);
  return {
    closed: () => closed,
    *push(piece) {
      for (const byte of piece) {
        if (closed) return;
        if (inString) {
          keep(byte);
          if (escaped) escaped = false;
          else if (byte === SLASH) escaped = true;
          else if (byte === QUOTE) inString = false;
          continue;
        }
        if (byte === OPEN || byte === OPEN_OBJECT) {
          if (depth++ === 0) continue;
        } else if (byte === CLOSE || byte === CLOSE_OBJECT) {
          if (--depth === 0) {
            closed = true;
            if (!blank()) yield finish();
            return;
          }
        } else if (byte === COMMA && depth === 1) {
          yield finish();
          continue;
        } else if (byte === QUOTE) inString = true;
        if (depth > 0) keep(byte);
      }
    },
  };
}
