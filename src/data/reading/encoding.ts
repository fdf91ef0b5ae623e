/**
 * Bytes of a text file in whatever encoding → UTF-8. A byte order mark decides; without one, UTF-16 is known by its zero
 * bytes at every second place. Anything else is taken as UTF-8, and lines that are not become faults of their own.
 */
export type Encoding = "utf-8" | "utf-16le" | "utf-16be";

export function encodingOf(head: Uint8Array): { encoding: Encoding; mark: number } {
  const [a = 1, b = 1, c = 1, d = 1] = head;
  if (a === 0xef && b === 0xbb && c === 0xbf) return { encoding: "utf-8", mark: 3 };
  if (a === 0xff && b === 0xfe) return { encoding: "utf-16le", mark: 2 };
  if (a === 0xfe && b === 0xff) return { encoding: "utf-16be", mark: 2 };
  if (b === 0 && d === 0 && a !== 0) return { encoding: "utf-16le", mark: 0 };
  if (a === 0 && c === 0 && b !== 0) return { encoding: "utf-16be", mark: 0 };
  return { encoding: "utf-8", mark: 0 };
}

export async function* toUtf8(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
  { encoding, mark }: { encoding: Encoding; mark: number },
): AsyncGenerator<Uint8Array<ArrayBuffer>, void, void> {
  const decoder = encoding === "utf-8" ? undefined : new TextDecoder(encoding);
  const encoder = new TextEncoder();
  let skip = mark;
  for await (const piece of pieces) {
    const part = skip > 0 ? piece.subarray(skip) : piece;
    skip = Math.max(0, skip - piece.length);
    if (decoder) yield encoder.encode(decoder.decode(part, { stream: true }));
    else yield part;
  }
  if (decoder) yield encoder.encode(decoder.decode());
}
