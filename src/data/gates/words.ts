/**
 * A text as a list of hashed words, the common ground of all gates that compare rows. Words are runs of letters and
 * digits in lower case; signs of arithmetic count as words, other punctuation does not; each ideograph is a word.
 * Hashes are FNV-1a over UTF-16 units, 32 bits; n-grams of them are mixed to 64.
 */

const BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

const SEPARATOR = 0;
const LETTER = 1;
const SIGN = 2;

/** What each ASCII character is. */
const ASCII = Uint8Array.from({ length: 128 }, (_, code) => {
  const character = String.fromCharCode(code);
  if (/[a-z0-9_]/i.test(character)) return LETTER;
  return "+-*/=<>%^&|".includes(character) ? SIGN : SEPARATOR;
});

function kindOf(code: number): number {
  if (code < 128) return ASCII[code] ?? SEPARATOR;
  if (code < 0xc0 || (code >= 0x2000 && code < 0x2070) || (code >= 0x3000 && code < 0x3040)) return SEPARATOR;
  // Kana and CJK are written without spaces; so are Thai, Lao and Khmer.
  return (code >= 0x3040 && code < 0xac00) || (code >= 0xf900 && code < 0xfb00) || (code >= 0x0e00 && code < 0x0f00)
    ? SIGN
    : LETTER;
}

let scratch = new Uint32Array(4096);

/** [words] hashes, in order. */
export function hashWords(text: string): Uint32Array {
  const plain = needsFolding(text) ? text.normalize("NFKC").toLowerCase() : text;
  if (scratch.length < plain.length) scratch = new Uint32Array(2 * plain.length);
  let count = 0;
  let hash = BASIS;
  let open = false;
  for (let i = 0; i < plain.length; i++) {
    let code = plain.charCodeAt(i);
    const kind = kindOf(code);
    if (kind === LETTER) {
      if (code >= 65 && code <= 90) code += 32;
      hash = Math.imul(hash ^ code, PRIME);
      open = true;
      continue;
    }
    if (open) {
      scratch[count++] = hash;
      hash = BASIS;
      open = false;
    }
    if (kind === SIGN) scratch[count++] = Math.imul(BASIS ^ code, PRIME);
  }
  if (open) scratch[count++] = hash;
  return scratch.slice(0, count);
}

function needsFolding(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) >= 128) return true;
  return false;
}

const HIGH = 0x2c1b3c6d;
const LOW = 0x9e3779b1;

/**
 * Calls back with two independent 32-bit hashes of every run of `n` words; a shorter list is one run. Rolling: a hash is
 * Σ word_i · B^(n-1-i) modulo 2^32, so the next one costs two products, then is mixed because its low bits are weak.
 */
export function eachGram(words: Uint32Array, n: number, visit: (high: number, low: number) => void): void {
  const length = Math.min(n, words.length);
  if (length === 0) return;
  let high = 0;
  let low = 0;
  let lastHigh = 1;
  let lastLow = 1;
  for (let i = 0; i < length; i++) {
    const word = words[i] as number;
    high = (Math.imul(high, HIGH) + word) | 0;
    low = (Math.imul(low, LOW) + word) | 0;
    lastHigh = Math.imul(lastHigh, HIGH);
    lastLow = Math.imul(lastLow, LOW);
  }
  visit(mix(high), mix(low ^ length));
  for (let i = length; i < words.length; i++) {
    const word = words[i] as number;
    const gone = words[i - length] as number;
    high = (Math.imul(high, HIGH) + word - Math.imul(gone, lastHigh)) | 0;
    low = (Math.imul(low, LOW) + word - Math.imul(gone, lastLow)) | 0;
    visit(mix(high), mix(low ^ length));
  }
}

/** The finaliser of MurmurHash3. */
function mix(hash: number): number {
  let h = hash ^ (hash >>> 16);
  h = Math.imul(h, 0x85ebca6b);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The text with width, case and spacing evened out: two rows that agree here are the same to a reader. */
export function evenOut(text: string): string {
  return (needsFolding(text) ? text.normalize("NFKC") : text).toLowerCase().replace(/\s+/g, " ").trim();
}
