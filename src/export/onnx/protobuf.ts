/**
 * Protocol Buffers' wire format, writing only: a message is a list of fields, each a tag (number · 8 + type) and a varint,
 * a 32-bit float, or a length and bytes. https://protobuf.dev/programming-guides/encoding/
 */
export type Bytes = Uint8Array<ArrayBuffer>;

const VARINT = 0;
const LENGTH = 2;
const FIXED32 = 5;

export const text = (value: string): Bytes => new TextEncoder().encode(value);

/** A whole number ≥ -2^53; negative ones take ten bytes, as two's complement of 64 bits. */
export function varint(value: number): Bytes {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, type: number) => varint(field * 8 + type);

export const integer = (field: number, value: number): Bytes => concat([tag(field, VARINT), varint(value)]);

export function float(field: number, value: number): Bytes {
  const bits = new Uint8Array(Float32Array.of(value).buffer);
  return concat([tag(field, FIXED32), bits]);
}

/** Tag and length of bytes that follow elsewhere. */
export const opening = (field: number, bytes: number): Bytes => concat([tag(field, LENGTH), varint(bytes)]);

/** Bytes, text, or a message of fields. */
export function nested(field: number, content: string | Bytes | readonly Bytes[]): Bytes {
  const bytes = typeof content === "string" ? text(content) : content instanceof Uint8Array ? content : concat(content);
  return concat([opening(field, bytes.length), bytes]);
}

/** A repeated whole number, packed. */
export const integers = (field: number, values: readonly number[]): Bytes => nested(field, values.map(varint));

export function concat(parts: readonly Bytes[]): Bytes {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
