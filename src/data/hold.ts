/**
 * At most so many rows of a stream of any length: each gets a number by (seed, place), and the smallest are kept. The
 * sample is the same whenever the file is read, and more rows at its end change little of it.
 */
import { hashString } from "@/util/random";

/** UTF-16 units of text that are held at most; a sample of long rows is smaller. */
const MAX_CHARACTERS = 256e6;

export interface Hold<T> {
  /** `characters` is about how much memory the item takes. Whether it is kept for now. */
  add(item: T, characters: number): boolean;
  /** How many were offered. */
  total(): number;
  /** Those that were kept, in the order in which they came. */
  items(): T[];
}

export function createHold<T>(limit: number, seed: number, maxCharacters = MAX_CHARACTERS): Hold<T> {
  interface Held {
    readonly item: T;
    readonly key: number;
    readonly place: number;
    readonly characters: number;
  }
  const held: Held[] = [];
  let place = 0;
  let characters = 0;
  let most = limit;
  let threshold = Number.POSITIVE_INFINITY;
  const shrink = (size: number) => {
    held.sort((a, b) => a.key - b.key);
    held.length = Math.min(held.length, size);
    threshold = held.at(-1)?.key ?? threshold;
    characters = held.reduce((sum, one) => sum + one.characters, 0);
  };
  return {
    add(item, size) {
      const key = hashString(`${seed}\n${place++}`);
      if (key > threshold) return false;
      held.push({ item, key, place, characters: size });
      characters += size;
      if (held.length >= 2 * most) shrink(most);
      while (characters > maxCharacters && held.length > 1) {
        most = Math.min(most, Math.ceil(held.length / 2));
        shrink(most);
      }
      return true;
    },
    total: () => place,
    items() {
      if (held.length > most) shrink(most);
      return [...held].sort((a, b) => a.place - b.place).map(({ item }) => item);
    },
  };
}
