/**
 * GPT-2's reversible spelling of bytes as printable characters, which byte-level vocabularies are written in:
 * printable Latin-1 stands for itself, the other 68 bytes are shifted to U+0100 and above, in order.
 */

const byteOf = new Map<string, number>();
let shifted = 0x100;
for (let byte = 0; byte < 256; byte++) {
  const printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  byteOf.set(String.fromCharCode(printable ? byte : shifted++), byte);
}

/** The bytes that a token of a byte-level vocabulary spells; characters outside of the alphabet stand for their UTF-8. */
export function bytesOfSpelling(spelling: string): Uint8Array {
  const bytes: number[] = [];
  for (const character of spelling) {
    const byte = byteOf.get(character);
    if (byte === undefined) bytes.push(...new TextEncoder().encode(character));
    else bytes.push(byte);
  }
  return Uint8Array.from(bytes);
}
