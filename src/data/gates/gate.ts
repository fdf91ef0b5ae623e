/**
 * A gate looks at all rows at once and says which of them will spoil a run, and why. Red stops the run until it is
 * accepted by name; amber only warns. Gates are pure: the same rows, model and recipe give the same findings everywhere.
 */
import type { Row } from "@/data/row";
import type { Message } from "@/tokenizer/chat-template";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { Recipe } from "@/train/recipe";
import type { DataFix } from "@/worker/api/data";

export type Severity = "red" | "amber";

/** What the tokens of a row say, as the trainer will cut and mask them. */
export interface TokenFacts {
  /** Before the cut, and after it. */
  readonly fullLength: number;
  readonly length: number;
  /** Targets that are left after the cut. */
  readonly trained: number;
  /** Whether any of them ends an answer. */
  readonly endTrained: boolean;
  readonly doubleBos: boolean;
}

/** A row as gates see it: plain text, hashed words, and facts of its tokens when a model is open. */
export interface GateRow {
  readonly line: number;
  readonly held: boolean;
  readonly row: Row;
  /** All that is asked, and all that is answered; for plain text everything is the answer. */
  readonly prompt: string;
  readonly answer: string;
  /** The worse answer of a preference pair. */
  readonly rejected: string | null;
  /** In order, where the row is a conversation; the chosen side of a pair. */
  readonly messages: readonly Message[] | null;
  /** Hashes of the words of prompt and answer, case and most punctuation left out. */
  readonly words: Uint32Array;
  /** Of the text with case and spacing evened out, 53 bits. */
  readonly promptHash: number;
  readonly answerHash: number;
  readonly tokens: TokenFacts | null;
}

/** Mean over a sample of rows: what the base model makes of the answers before any training. */
export interface BaseSample {
  readonly rows: number;
  /** Nats per answer token. */
  readonly nll: number;
  /** Share of answers that greedy decoding gives to the letter. */
  readonly exact: number;
}

/** A test that must stay unseen: its 13-grams, asked one by one. */
export interface TestSet {
  readonly name: string;
  readonly has: (high: number, low: number) => boolean;
}

export interface GateContext {
  /** Null when no model is open: gates that need tokens then say nothing. */
  readonly tokenizer: Tokenizer | null;
  readonly recipe: Recipe;
  readonly tests: readonly TestSet[];
  readonly base: BaseSample | null;
}

/** What a gate found; `rows` are indices into the rows it was given. */
export interface Found {
  readonly severity: Severity;
  readonly rows: readonly number[];
  /** One sentence with the numbers. */
  readonly message: string;
  /** A setting that would help, where rows should stay as they are. */
  readonly fix?: DataFix;
}

export interface Gate {
  readonly name: string;
  /** For people, in two or three words. */
  readonly title: string;
  /** Two sentences: what it does to training, and what to do. */
  readonly why: string;
  /** "drop" leaves the found training rows out; a function rewrites every text of the found rows. Only where that is safe. */
  readonly fix?: "drop" | ((text: string, context: GateContext) => string);
  readonly check: (rows: readonly GateRow[], context: GateContext) => Found[];
}

/** Red from 1 % of the rows on: a few odd rows are noise, more are a fault of whoever made the file. */
export const RED_SHARE = 0.01;

export const severityOf = (count: number, total: number, redShare = RED_SHARE): Severity =>
  count >= Math.max(1, redShare * total) ? "red" : "amber";

/** Indices of the rows that a test holds for. */
export function indicesOf(rows: readonly GateRow[], test: (row: GateRow) => boolean): number[] {
  const found: number[] = [];
  rows.forEach((row, i) => {
    if (test(row)) found.push(i);
  });
  return found;
}

export const percent = (share: number): string => `${Math.round(100 * share)} %`;

export const rowsWord = (count: number): string => (count === 1 ? "1 row" : `${count.toLocaleString("en-US")} rows`);

/** "1 row holds", "3 rows hold". */
export const rowsDo = (count: number, one: string, many: string): string =>
  `${rowsWord(count)} ${count === 1 ? one : many}`;

/** At most `limit` characters, for quoting a text in a sentence. */
export function quote(text: string, limit = 40): string {
  const line = text.trim().replaceAll(/\s+/g, " ");
  return line.length > limit ? `“${line.slice(0, limit - 1)}…”` : `“${line}”`;
}
