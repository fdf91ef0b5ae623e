/**
 * The loopback Hub's content store, as much of Xet as an upload needs: xorbs (chunks, each behind 8 bytes of header) and
 * shards (which chunks of which xorbs make which file). @huggingface/hub and the Python client's hf_xet both speak it; what
 * arrives is put together again, so that a bucket's files can be read as bytes.
 *
 *   chunk header   u8 version, u24 packed length, u8 scheme (0 none, 1 LZ4, 2 bytes in four groups + LZ4), u24 length
 *   shard          32 bytes tag, u64 version, u64 footer; then files until a bookend of 0xff
 *   file           32 bytes hash, u32 flags, u32 terms, u64; terms × {32 bytes xorb, u32 flags, u32 bytes, u32 first, u32 end};
 *                  then 48 bytes a term when flag 31, 48 bytes more when flag 30
 */
import type { Answer } from "./loopback-upload";

export interface XetState {
  /** Unpacked chunks by the hash of their xorb. */
  readonly xorbs: Map<string, readonly Buffer[]>;
  /** Whole files by their hash. */
  readonly files: Map<string, Buffer>;
}

export const newXet = (): XetState => ({ xorbs: new Map(), files: new Map() });

const HASH = 32;
const WITH_VERIFICATION = 2 ** 31;
const WITH_METADATA = 2 ** 30;

/** Undefined for what is none of the store's routes. */
export function answerXet(state: XetState, method: string, path: string, body: Buffer): Answer | undefined {
  const xorb = /^\/v1\/xorbs\/default\/([0-9a-f]{64})$/.exec(path)?.[1];
  if (method === "POST" && xorb) {
    state.xorbs.set(xorb, unpackXorb(body));
    return { status: 200, body: { was_inserted: true } };
  }
  if (method === "POST" && /^(\/v1)?\/shards$/.test(path)) {
    for (const { hash, terms } of filesOfShard(body)) {
      const parts = terms.flatMap((term) => state.xorbs.get(term.xorb)?.slice(term.first, term.end) ?? []);
      const whole = Buffer.concat(parts);
      if (whole.length !== terms.reduce((sum, { bytes }) => sum + bytes, 0))
        return { status: 400, body: { error: "xorbs are missing" } };
      state.files.set(hash, whole);
    }
    return { status: 200, body: { result: 1 } };
  }
  // Nothing is known already, and nothing is granted to be sent elsewhere: both are optional.
  if (/^\/(v1\/(chunks|xorb-grants)|v2)\//.test(path)) return { status: 404, body: {} };
  return undefined;
}

function unpackXorb(body: Buffer): Buffer[] {
  const chunks: Buffer[] = [];
  for (let at = 0; at + 8 <= body.length; ) {
    // A footer of the whole xorb may follow its chunks.
    if (body[at] !== 0) break;
    const [packed, scheme, length] = [body.readUIntLE(at + 1, 3), body[at + 4], body.readUIntLE(at + 5, 3)];
    const data = body.subarray(at + 8, at + 8 + packed);
    const flat = scheme === 0 ? Buffer.from(data) : lz4Frame(data, length);
    chunks.push(scheme === 2 ? ungroup(flat) : flat);
    at += 8 + packed;
  }
  return chunks;
}

/** Bytes 0, 4, 8 … come first, then 1, 5, 9 …: how floats are made compressible. */
function ungroup(grouped: Buffer): Buffer {
  const out = Buffer.alloc(grouped.length);
  let at = 0;
  for (let lane = 0; lane < 4; lane++) for (let i = lane; i < out.length; i += 4) out[i] = grouped[at++] ?? 0;
  return out;
}

interface Term {
  readonly xorb: string;
  readonly bytes: number;
  readonly first: number;
  readonly end: number;
}

function filesOfShard(shard: Buffer): { hash: string; terms: Term[] }[] {
  const files: { hash: string; terms: Term[] }[] = [];
  for (let at = 48; ; ) {
    const hash = hashAt(shard, at);
    if (/^f{64}$/.test(hash)) return files;
    const flags = shard.readUInt32LE(at + HASH);
    const count = shard.readUInt32LE(at + HASH + 4);
    at += HASH + 16;
    const terms = Array.from({ length: count }, (_, i) => {
      const start = at + i * (HASH + 16);
      const [bytes, first, end] = [4, 8, 12].map((offset) => shard.readUInt32LE(start + HASH + offset));
      return { xorb: hashAt(shard, start), bytes: bytes ?? 0, first: first ?? 0, end: end ?? 0 };
    });
    files.push({ hash, terms });
    at += count * (HASH + 16);
    if (flags >= WITH_VERIFICATION) at += count * (HASH + 16);
    if (flags % WITH_VERIFICATION >= WITH_METADATA) at += HASH + 16;
  }
}

/** Four little-endian 64-bit words, each written as hexadecimal. */
function hashAt(bytes: Buffer, at: number): string {
  return [0, 8, 16, 24]
    .map((word) =>
      bytes
        .readBigUInt64LE(at + word)
        .toString(16)
        .padStart(16, "0"),
    )
    .join("");
}

/** LZ4's frame format without its checksums, which the transport makes needless here. */
function lz4Frame(frame: Buffer, length: number): Buffer {
  const out = Buffer.alloc(length);
  const flags = frame[4] ?? 0;
  let at = 7 + (flags & 8 ? 8 : 0) + (flags & 1 ? 4 : 0);
  let to = 0;
  for (;;) {
    const header = frame.readUInt32LE(at);
    at += 4;
    if (header === 0) return out;
    const size = header & 0x7fffffff;
    const block = frame.subarray(at, at + size);
    to = header >>> 31 ? to + block.copy(out, to) : lz4Block(block, out, to);
    at += size + (flags & 16 ? 4 : 0);
  }
}

/** Literals, then a copy of what lies `offset` bytes back, which may overlap itself. */
function lz4Block(block: Buffer, out: Buffer, start: number): number {
  let to = start;
  let at = 0;
  const extended = (value: number) => {
    let total = value;
    if (value < 15) return total;
    for (let byte = 255; byte === 255; ) {
      byte = block[at++] ?? 0;
      total += byte;
    }
    return total;
  };
  while (at < block.length) {
    const token = block[at++] ?? 0;
    const literals = extended(token >> 4);
    to += block.copy(out, to, at, at + literals);
    at += literals;
    if (at >= block.length) break;
    const offset = block.readUInt16LE(at);
    at += 2;
    for (let left = extended(token & 15) + 4; left > 0; left--, to++) out[to] = out[to - offset] ?? 0;
  }
  return to;
}
