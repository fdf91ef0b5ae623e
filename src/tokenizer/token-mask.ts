/**
 * Which tokens hold characters of given stretches of the text: how a chat template's assistant turns become labels.
 *
 * The tokenizer library gives no offsets, so they are counted in the tokens' bytes; that is exact for byte-level
 * vocabularies. Where a normaliser changed the text, the ids of the text before each border are compared instead.
 */
import type { Tokenizer } from "./tokenizer";

/** From `start` up to but not including `end`, in UTF-16 units. */
export interface TextRange {
  readonly start: number;
  readonly end: number;
}

/** 1 for each token of `ids` (those of `text`, no BOS added) that holds any part of a range, as transformers has it. */
export function maskTokens(
  tokenizer: Tokenizer,
  text: string,
  ids: readonly number[],
  ranges: readonly TextRange[],
): Uint8Array {
  const mask = new Uint8Array(ids.length);
  const borders = byteBorders(tokenizer, text, ids);
  for (const { start, end } of ranges) {
    if (end <= start) continue;
    const [first, last] = borders
      ? firstAndLast(borders, utf8Length(text.slice(0, start)), utf8Length(text.slice(0, end)))
      : compareFirstAndLast(tokenizer, text, ids, start, end);
    mask.fill(1, first, last);
  }
  return mask;
}

/** How many leading ids two sequences share. */
export function commonPrefixLength(a: readonly number[], b: readonly number[]): number {
  const limit = Math.min(a.length, b.length);
  let length = 0;
  while (length < limit && a[length] === b[length]) length++;
  return length;
}

/** Byte position where each token begins, and the end; undefined when the tokens do not spell the text. */
function byteBorders(tokenizer: Tokenizer, text: string, ids: readonly number[]): number[] | undefined {
  const borders = [0];
  let end = 0;
  for (const id of ids) {
    end += tokenizer.tokenBytes(id).length;
    borders.push(end);
  }
  return end === utf8Length(text) ? borders : undefined;
}

function firstAndLast(borders: readonly number[], start: number, end: number): [number, number] {
  const first = borders.findIndex((_, i) => (borders[i + 1] ?? Number.POSITIVE_INFINITY) > start);
  const last = borders.findIndex((border) => border >= end);
  return [first, last];
}

function compareFirstAndLast(
  tokenizer: Tokenizer,
  text: string,
  ids: readonly number[],
  start: number,
  end: number,
): [number, number] {
  const before = tokenizer.encode(text.slice(0, start), { special: false });
  const through = tokenizer.encode(text.slice(0, end), { special: false });
  const shared = commonPrefixLength(through, ids);
  return [commonPrefixLength(before, ids), Math.min(ids.length, shared < through.length ? shared + 1 : shared)];
}

function utf8Length(text: string): number {
  return new TextEncoder().encode(text).length;
}
