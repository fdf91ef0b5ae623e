/** A teacher's answer → test cases in upskill's form. Each is held to it alone: a bad one does not take the others along. */
import * as z from "zod/mini";
import { withoutHidden } from "../hidden";

export interface WrittenCase {
  readonly input: string;
  readonly expected: { readonly contains: readonly string[] };
}

const word = z.string().check(z.trim(), z.minLength(1), z.maxLength(300));
const Case = z.looseObject({
  input: z.string().check(z.trim(), z.minLength(3), z.maxLength(4_000)),
  expected: z.looseObject({ contains: z.union([word, z.array(word).check(z.minLength(1), z.maxLength(20))]) }),
});
const MOST = 500;

export interface CasesResult {
  readonly cases: readonly WrittenCase[];
  /** Why others were left out, each with its count. */
  readonly dropped: Readonly<Record<string, number>>;
}

/** `known` questions are not taken again. */
export function readCases(answer: string, known: ReadonlySet<string> = new Set()): CasesResult {
  const items = listIn(withoutHidden(answer).text);
  const dropped: Record<string, number> = {};
  const drop = (why: string) => {
    dropped[why] = (dropped[why] ?? 0) + 1;
  };
  if (!items) return { cases: [], dropped: { "an answer that is no JSON with cases": 1 } };
  const seen = new Set(known);
  const cases: WrittenCase[] = [];
  for (const item of items.slice(0, MOST)) {
    const parsed = z.safeParse(Case, item);
    if (!parsed.success) {
      drop("not a question with texts that an answer must contain");
      continue;
    }
    const { input, expected } = parsed.data;
    const contains = [expected.contains].flat();
    if (seen.has(keyOf(input))) drop("asked already");
    else if (contains.every((text) => input.toLowerCase().includes(text.toLowerCase())))
      drop("the question itself would pass");
    else {
      seen.add(keyOf(input));
      cases.push({ input, expected: { contains } });
    }
  }
  return { cases, dropped };
}

/** By which questions are the same. */
export const keyOf = (input: string): string =>
  input
    .normalize("NFKC")
    .toLowerCase()
    .replace(/[\s\p{P}]+/gu, " ")
    .trim();

function listIn(answer: string): unknown[] | null {
  const from = answer.search(/[[{]/);
  const to = Math.max(answer.lastIndexOf("]"), answer.lastIndexOf("}"));
  if (from < 0 || to <= from) return null;
  try {
    const value: unknown = JSON.parse(answer.slice(from, to + 1));
    if (Array.isArray(value)) return value;
    const { cases } = value as { cases?: unknown };
    return Array.isArray(cases) ? cases : null;
  } catch {
    return null;
  }
}
