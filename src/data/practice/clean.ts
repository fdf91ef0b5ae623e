/** Clean sets of five common shapes, from a seed: rows as a JSONL file would hold them, nothing wrong with any. */
import { createRandom, type Random } from "@/util/random";
import { pick, sentence, sentences } from "./sentences";

export type PracticeKind = "labels" | "extraction" | "chat" | "stories" | "pairs";
export type PracticeRow = Readonly<Record<string, unknown>>;

export interface CleanSet {
  readonly kind: PracticeKind;
  readonly train: readonly PracticeRow[];
  readonly held: readonly PracticeRow[];
}

export const KINDS: readonly PracticeKind[] = ["labels", "extraction", "chat", "stories", "pairs"];

const LABELS = ["sport", "travel", "music", "weather"];
const ASKED = [
  "What happened?",
  "Tell me the news.",
  "What did you see?",
  "Continue the story.",
  "Say one sentence about it.",
];

const MAKERS: Readonly<Record<PracticeKind, (random: Random) => PracticeRow>> = {
  labels: (random) => ({ prompt: `Text: ${sentence(random)}\nTopic:`, completion: ` ${pick(LABELS, random)}` }),
  extraction: (random) => {
    const text = sentences(random, 2);
    return {
      prompt: `Shorten this.\n${text}\nShort:`,
      completion: ` ${text
        .split(" ")
        .slice(0, 6 + random.below(6))
        .join(" ")}`,
    };
  },
  chat: (random) => ({
    messages: [
      ...(random.below(3) === 0 ? [{ role: "system", content: "Answer in whole sentences." }] : []),
      { role: "user", content: `${sentence(random)} ${pick(ASKED, random)}` },
      { role: "assistant", content: sentences(random, 1 + random.below(2)) },
      ...(random.below(3) === 0
        ? [
            { role: "user", content: `And then? ${sentence(random)}` },
            { role: "assistant", content: sentence(random) },
          ]
        : []),
    ],
  }),
  stories: (random) => ({ text: sentences(random, 3 + random.below(4)) }),
  pairs: (random) => ({
    prompt: `${sentence(random)} ${pick(ASKED, random)}`,
    chosen: sentences(random, 1 + random.below(3)),
    rejected: sentences(random, 1 + random.below(3)),
  }),
};

export function cleanSet(kind: PracticeKind, seed: number, { rows, held }: { rows: number; held: number }): CleanSet {
  const random = createRandom(seed, KINDS.indexOf(kind) + 1);
  const make = (count: number) => Array.from({ length: count }, () => MAKERS[kind](random));
  return { kind, train: make(rows), held: make(held) };
}
