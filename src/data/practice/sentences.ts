/** Sentences of plain English without end, from a seed: the clean cloth that faults are sewn into. */
import type { Random } from "@/util/random";

const NAMES =
  "Anna Ben Carla David Elena Farid Greta Hugo Irene Jonas Katja Liam Marta Noor Oscar Paula Quentin Rosa Samir Tilda Ugo Vera Walter Xenia Yusuf Zoe Amir Bruno Chloe Dario";
const VERBS =
  "carried found painted repaired borrowed watched sold described cleaned opened followed remembered measured collected hid photographed ordered built returned lifted wrapped counted washed missed invented shared guarded traded moved praised";
const ADJECTIVES =
  "old green heavy quiet broken golden narrow wooden round empty bright frozen tiny strange warm plain crooked silver muddy famous gentle hollow rusty striped soft dusty sour loud clever thin";
const NOUNS =
  "lamp bridge ladder garden violin basket window boat kettle mirror coat stone map clock bicycle piano letter rope table lantern carpet engine apple hammer ticket drum bottle feather wagon pillow statue chair camera bucket helmet candle needle saddle ribbon shovel";
const PLACES =
  "harbour library market station forest kitchen museum valley bakery schoolyard attic tower island workshop cellar meadow village theatre orchard courtyard";
const TIMES =
  "early|at noon|before the storm|in the evening|last winter|after supper|on Monday|during the holidays|at dawn|a week later|every spring|without a word|for the first time|with great care";

const list = (words: string) => words.split(" ");
const WORDS = {
  name: list(NAMES),
  verb: list(VERBS),
  adjective: list(ADJECTIVES),
  noun: list(NOUNS),
  place: list(PLACES),
  time: TIMES.split("|"),
};

export function pick<T>(items: readonly T[], random: Random): T {
  const item = items[random.below(items.length)];
  if (item === undefined) throw new RangeError("pick from an empty list");
  return item;
}

/** 12 to 16 words; about 10^11 different ones. */
export function sentence(random: Random): string {
  const word = (kind: keyof typeof WORDS) => pick(WORDS[kind], random);
  const thing = () => `${word("adjective")} ${word("noun")}`;
  switch (random.below(4)) {
    case 0:
      return `${word("name")} ${word("verb")} the ${thing()} near the ${word("place")} ${word("time")} and ${word("verb")} a ${thing()}.`;
    case 1:
      return `In the ${word("place")} the ${thing()} of ${word("name")} was ${word("verb")} by ${word("name")} ${word("time")}.`;
    case 2:
      return `The ${thing()} that ${word("name")} ${word("verb")} stood behind the ${thing()} in the ${word("place")} ${word("time")}.`;
    default:
      return `${word("name")} and ${word("name")} ${word("verb")} their ${thing()} with a ${thing()} from the ${word("place")}.`;
  }
}

export const sentences = (random: Random, count: number): string =>
  Array.from({ length: count }, () => sentence(random)).join(" ");
