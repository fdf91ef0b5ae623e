/** Where bytes come from, as an endless file may: pieces in order, and where there is one, random access. */
import type { ByteSource } from "@/files/byte-source";

export interface Bytes {
  /** 0 where it is not known. */
  readonly size: number;
  pieces(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  readonly random?: ByteSource;
}

const PIECE = 4 << 20;

export function bytesOf(source: ByteSource): Bytes {
  return {
    size: source.size,
    random: source,
    async *pieces() {
      for (let at = 0; at < source.size; at += PIECE) {
        yield await source.read(at, Math.min(PIECE, source.size - at));
      }
    },
  };
}

/** What a kind of file is known by. */
const HEAD = 4096;

/** The first bytes, and the whole again from the beginning. */
export async function peek(
  pieces: AsyncIterable<Uint8Array<ArrayBuffer>>,
): Promise<{ head: Uint8Array<ArrayBuffer>; rest: AsyncIterable<Uint8Array<ArrayBuffer>> }> {
  const iterator = pieces[Symbol.asyncIterator]();
  const first: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  while (length < HEAD) {
    const next = await iterator.next();
    if (next.done) break;
    first.push(next.value);
    length += next.value.length;
  }
  const head = first.length === 1 && first[0] ? first[0] : concatenate(first, length);
  return {
    head,
    rest: (async function* () {
      try {
        yield head;
        for (let next = await iterator.next(); !next.done; next = await iterator.next()) yield next.value;
      } finally {
        await iterator.return?.();
      }
    })(),
  };
}

export function concatenate(parts: readonly Uint8Array[], length: number): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
