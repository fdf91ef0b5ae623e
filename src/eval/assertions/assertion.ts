/** What an assertion is: plain data, as suites write it. Every type that is known is listed here; any other is refused. */
import * as z from "zod/mini";

export interface Grade {
  readonly pass: boolean;
  /** 0 to 1. */
  readonly score: number;
  /** One sentence for people. */
  readonly reason: string;
}

export interface Assertion {
  readonly type: AssertionType;
  /** "not-" before the type: passes where the type does not. */
  readonly not: boolean;
  readonly value?: unknown;
  readonly threshold?: number;
  /** Of its score within the case; 0 is measured, but decides nothing. */
  readonly weight: number;
  readonly metric?: string;
  /** Of an assert-set. */
  readonly assert?: readonly Assertion[];
}

const text = z.string().check(z.maxLength(100_000));
const texts = z.array(text).check(z.minLength(1), z.maxLength(1_000));
/** A list, or one text with commas between. */
const list = z.union([texts, text]);
const none = z.optional(z.unknown());

/** By type: what its value may be. */
export const VALUES = {
  equals: z.unknown(),
  contains: text,
  icontains: text,
  "contains-any": list,
  "contains-all": list,
  "icontains-any": list,
  "icontains-all": list,
  "starts-with": text,
  regex: z.string().check(z.maxLength(2_000)),
  "is-json": none,
  "contains-json": none,
  numeric: z.number(),
  levenshtein: text,
  "rouge-n": text,
  "rouge-l": text,
  bleu: list,
  perplexity: none,
  "is-refusal": none,
  javascript: text,
  python: text,
  "assert-set": none,
} as const satisfies Record<string, z.ZodMiniType>;

export type AssertionType = keyof typeof VALUES;

export const isKnownType = (type: string): type is AssertionType => Object.hasOwn(VALUES, type);

/** What an answer can be judged by besides its text. */
export interface AnswerContext {
  /** Of the answer, where the provider tells it: sum of natural logarithms, and over how many tokens. */
  readonly likelihood?: { readonly logprob: number; readonly tokens: number };
  readonly vars: Readonly<Record<string, unknown>>;
}

export const graded = (pass: boolean, reason: string, score = pass ? 1 : 0): Grade => ({ pass, score, reason });

export function quote(value: string): string {
  return JSON.stringify(value.length > 80 ? `${value.slice(0, 79)}…` : value);
}

export const listOf = (value: unknown): string[] =>
  Array.isArray(value)
    ? value.map(String)
    : String(value)
        .split(",")
        .map((item) => item.trim())
        .filter((item) => item !== "");
