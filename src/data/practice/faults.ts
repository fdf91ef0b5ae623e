/**
 * Faults by the name of the gate that must find them. Each takes a clean set and spoils some of its rows as it happens
 * in the field; what it changed is told, so that gates can be measured and pupils be shown.
 */
import type { Random } from "@/util/random";
import { hashString } from "@/util/random";
import type { CleanSet, PracticeKind, PracticeRow } from "./clean";
import { cardNumber, iban, token } from "./fake-secrets";
import { pick, sentence, sentences } from "./sentences";

/** The frame of the model at hand, for faults that are made of it. */
export interface Frame {
  readonly bos: string;
  readonly eos: string;
  /** Tokens that fit into a row. */
  readonly maxLength: number;
}

export interface Planted {
  readonly train: readonly PracticeRow[];
  readonly held: readonly PracticeRow[];
  /** Lines of the training rows that are spoilt, from 1; empty where the whole set is. */
  readonly lines: readonly number[];
  /** Texts of a test suite that the rows must not hold. */
  readonly tests?: readonly string[];
}

export interface Fault {
  readonly kinds: readonly PracticeKind[];
  /** What a person should have seen, in one sentence. */
  readonly lesson: string;
  readonly plant: (set: CleanSet, random: Random, frame: Frame) => Planted;
}

const ALL: readonly PracticeKind[] = ["labels", "extraction", "chat", "stories", "pairs"];
const ASKING: readonly PracticeKind[] = ["labels", "extraction"];
type Rewrite = (text: string, random: Random) => string;

/** Every text of a row through `rewrite`: what is asked, what is answered, or both. */
function rewriteRow(
  row: PracticeRow,
  side: "prompt" | "answer" | "both",
  rewrite: (text: string) => string,
): PracticeRow {
  const messages = row.messages as { role: string; content: string }[] | undefined;
  if (messages) {
    const last = messages.length - 1;
    const wanted = (i: number) => side === "both" || (side === "answer" ? i === last : i === last - 1);
    return {
      ...row,
      messages: messages.map((one, i) => (wanted(i) ? { ...one, content: rewrite(one.content) } : one)),
    };
  }
  const asked = side !== "answer" && typeof row.prompt === "string";
  const answers = ["completion", "text", "chosen"].filter((key) => typeof row[key] === "string");
  const changed = [...(asked ? ["prompt"] : []), ...(side !== "prompt" || !asked ? answers : [])];
  return { ...row, ...Object.fromEntries(changed.map((key) => [key, rewrite(row[key] as string)])) };
}

/** `share` of the rows, at least 3, in the file's order. */
function chooseLines(count: number, share: number, random: Random): number[] {
  const wanted = Math.min(count, Math.max(3, Math.round(share * count)));
  const chosen = new Set<number>();
  while (chosen.size < wanted) chosen.add(1 + random.below(count));
  return [...chosen].sort((a, b) => a - b);
}

function spoil(set: CleanSet, random: Random, share: number, change: (row: PracticeRow) => PracticeRow): Planted {
  const lines = chooseLines(set.train.length, share, random);
  const at = new Set(lines);
  return { train: set.train.map((row, i) => (at.has(i + 1) ? change(row) : row)), held: set.held, lines };
}

const rewriting =
  (side: "prompt" | "answer" | "both", rewrite: Rewrite, share = 0.08): Fault["plant"] =>
  (set, random) =>
    spoil(set, random, share, (row) => rewriteRow(row, side, (text) => rewrite(text, random)));

/** Adds rows at random places; `lines` are theirs. */
function insertRows(set: CleanSet, rows: readonly PracticeRow[], random: Random): Planted {
  const mixed = [...set.train.map((row) => ({ row, added: false })), ...rows.map((row) => ({ row, added: true }))];
  const keyed = mixed.map((item, i) => ({ ...item, key: item.added ? random.below(mixed.length) + 0.5 : i }));
  keyed.sort((a, b) => a.key - b.key);
  const lines = keyed.flatMap(({ added }, i) => (added ? [i + 1] : []));
  return { train: keyed.map(({ row }) => row), held: set.held, lines };
}

const between = (text: string, random: Random, piece: string): string => {
  const words = text.split(" ");
  words.splice(random.below(words.length + 1), 0, piece);
  return words.join(" ");
};

const asMojibake = (text: string) => [...new TextEncoder().encode(text)].map((byte) => WINDOWS[byte] ?? "").join("");
const WINDOWS = Array.from({ length: 256 }, (_, byte) =>
  byte >= 0x80 && byte < 0xa0 ? new TextDecoder("windows-1252").decode(Uint8Array.of(byte)) : String.fromCharCode(byte),
);

const GERMAN =
  "Der alte Mann und die Frau sind nicht mit dem Zug gefahren, den sie für den Weg zu uns auf der Karte gefunden haben, sondern mit".split(
    " ",
  );
const german = (random: Random) => `${GERMAN.slice(0, 12 + random.below(14)).join(" ")} ${random.below(10_000)}.`;

export const FAULTS: Readonly<Record<string, Fault>> = {
  "no-signal": {
    kinds: ASKING,
    lesson: "Some prompts are so long that the answer lies behind the cut.",
    plant: (set, random, { maxLength }) =>
      spoil(set, random, 0.08, (row) =>
        rewriteRow(row, "prompt", (text) => `${sentences(random, maxLength / 8)} ${text}`),
      ),
  },
  "truncated-answers": {
    kinds: ["extraction", "chat", "stories"],
    lesson: "Some answers are longer than the longest length, so their ends are never learned.",
    plant: (set, random, { maxLength }) =>
      spoil(set, random, 0.1, (row) =>
        rewriteRow(row, "answer", (text) => `${text} ${sentences(random, maxLength / 8)}`),
      ),
  },
  "double-bos": {
    kinds: ["labels", "extraction", "stories"],
    lesson: "The texts carry the start token that the tokenizer adds anyway.",
    plant: (set, random, { bos }) => spoil(set, random, 0.3, (row) => rewriteRow(row, "prompt", (text) => bos + text)),
  },
  "role-order": {
    kinds: ["chat"],
    lesson: "Some conversations end with the user, have two turns of one role, or a role that nobody knows.",
    plant: (set, random) => spoil(set, random, 0.06, (row) => ({ ...row, messages: disorder(row, random) })),
  },
  "template-mismatch": {
    kinds: ["labels", "extraction", "chat", "stories"],
    lesson: "Some texts are written in the frame of another model.",
    plant: rewriting("prompt", (text) => `[INST] ${text} [/INST]`),
  },
  "control-tokens": {
    kinds: ALL,
    lesson: "Some texts spell the token that ends an answer, in their middle.",
    plant: (set, random, { eos }) =>
      spoil(set, random, 0.06, (row) =>
        rewriteRow(row, "prompt", (text) => between(`${text} x`, random, `word ${eos} word`)),
      ),
  },
  leakage: {
    kinds: ["labels", "extraction", "chat", "stories"],
    lesson: "Some held-out rows stand in the training rows too, a few with a word changed.",
    plant: (set, random) => {
      const taken = set.held.filter((_, i) => i % 6 === 0);
      const copies = taken.map((row, i) => (i % 2 === 0 ? row : rewriteRow(row, "answer", (text) => `${text} indeed`)));
      return insertRows(set, copies, random);
    },
  },
  contamination: {
    kinds: ALL,
    lesson: "Some rows quote the tests that the model will be measured with.",
    plant: (set, random) => {
      const tests = Array.from({ length: 30 }, () => sentences(random, 3));
      const planted = spoil(set, random, 0.05, (row) =>
        rewriteRow(row, "prompt", (text) => `${pick(tests, random)} ${text}`),
      );
      return { ...planted, tests };
    },
  },
  secrets: {
    kinds: ALL,
    lesson: "Some rows hold keys, cards or account numbers that the model could repeat.",
    plant: rewriting(
      "both",
      (text, random) => between(text, random, pick([token, cardNumber, iban], random)(random)),
      0.03,
    ),
  },
  "empty-answers": {
    kinds: ["labels", "extraction"],
    lesson: "Some rows answer with nothing.",
    plant: (set, random) =>
      spoil(set, random, 0.06, (row) => ({ ...row, completion: pick([" ", " N/A", "\n", " null", "..."], random) })),
  },
  contradictions: {
    kinds: ["labels"],
    lesson: "Some questions stand twice, with different answers.",
    plant: (set, random) => {
      const lines = chooseLines(set.train.length, 0.06, random);
      const labels = [...new Set(set.train.map(({ completion }) => completion))];
      const twins = lines.map((line) => {
        const row = set.train[line - 1] ?? {};
        return {
          ...row,
          completion: pick(
            labels.filter((label) => label !== row.completion),
            random,
          ),
        };
      });
      return insertRows(set, twins, random);
    },
  },
  "equal-pairs": {
    kinds: ["pairs"],
    lesson: "Some pairs have the same text on both sides.",
    plant: (set, random) => spoil(set, random, 0.04, (row) => ({ ...row, rejected: row.chosen })),
  },
  "length-bias": {
    kinds: ["pairs"],
    lesson: "The chosen answer is nearly always the longer one.",
    plant: (set, random) =>
      spoil(set, random, 0.9, (row) => ({ ...row, chosen: `${row.chosen} ${row.rejected} ${sentence(random)}` })),
  },
  mojibake: {
    kinds: ALL,
    lesson: "Some texts were decoded by the wrong table: é became Ã©.",
    plant: rewriting("both", (text, random) =>
      between(text, random, asMojibake(pick(["café", "naïve", "“so”", "Zoë’s", "Straße"], random))),
    ),
  },
  duplicates: {
    kinds: ALL,
    lesson: "Some rows stand several times.",
    plant: (set, random) =>
      insertRows(
        set,
        chooseLines(set.train.length, 0.08, random).map((line) => set.train[line - 1] ?? {}),
        random,
      ),
  },
  "near-duplicates": {
    kinds: ["chat", "stories", "extraction"],
    lesson: "Some rows are copies with a word added.",
    plant: (set, random) => {
      const copies = chooseLines(set.train.length, 0.08, random).map((line) =>
        rewriteRow(set.train[line - 1] ?? {}, "answer", (text) => `${text} Truly.`),
      );
      return insertRows(set, copies, random);
    },
  },
  imbalance: {
    kinds: ["labels"],
    lesson: "Nearly every answer is the same word.",
    plant: (set, random) => spoil(set, random, 0.65, (row) => ({ ...row, completion: " sport" })),
  },
  "length-outliers": {
    kinds: ALL,
    lesson: "A few rows are many times longer than the others.",
    plant: rewriting("prompt", (text, random) => `${sentences(random, 60)} ${text}`, 0.01),
  },
  "invisible-characters": {
    kinds: ALL,
    lesson: "Some texts hold characters that cannot be seen.",
    plant: rewriting("both", (text, random) =>
      between(text, random, pick(["\u200b", "\u202e", "\ufeff", "\u0007", "\u2066"], random)),
    ),
  },
  "personal-data": {
    kinds: ALL,
    lesson: "Some rows hold addresses or telephone numbers of people.",
    plant: rewriting("both", (text, random) => between(text, random, pick([mail, phone], random)(random)), 0.04),
  },
  "language-drift": {
    kinds: ["labels", "chat", "stories"],
    lesson: "The held-out rows are of another language.",
    plant: (set, random) => ({
      train: set.train,
      held: set.held.map((row) => rewriteRow(row, "both", (text) => `${german(random)} ${german(random)} ${text}`)),
      lines: [],
    }),
  },
  "too-few-rows": {
    kinds: ALL,
    lesson: "There are too few rows to learn more than themselves.",
    plant: (set) => ({ train: set.train.slice(0, 14), held: set.held, lines: [] }),
  },
};

export const FAULT_NAMES: readonly string[] = Object.keys(FAULTS);

function disorder(row: PracticeRow, random: Random): unknown[] {
  const messages = row.messages as { role: string; content: string }[];
  const last = messages.at(-1);
  const [user] = messages.filter(({ role }) => role === "user");
  switch (random.below(4)) {
    case 0:
      return messages.slice(0, -1);
    case 1:
      return [...messages.slice(0, -1), user, last];
    case 2:
      return messages.map((one) => (one.role === "assistant" ? { ...one, role: "bot" } : one));
    default:
      return [...messages, { role: "system", content: "Be brief." }, user, last];
  }
}

const mail = (random: Random) =>
  `${pick(["anna.k", "ben_55", "mrs.lee"], random)}${random.below(900)}@${pick(["gmail.com", "posteo.de"], random)}`;
const phone = (random: Random) => `+49 30 ${1000 + random.below(8999)} ${1000 + random.below(8999)}`;

/** A stream of its own for each fault and seed. */
export const faultStream = (name: string): number => hashString(name) % 0xffffffff;
