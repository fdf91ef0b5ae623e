/**
 * (output, check) → {pass, score, reason}, pure: the same function grades an evaluation, rewards a rollout and judges a
 * skill. A check is plain data, so that a suite can be shared; it comes from files, hence the schema.
 */
import * as z from "zod/mini";
import { matches } from "@/eval/pattern";

export const Check = z.discriminatedUnion("kind", [
  /** The same text, white space at both ends aside. */
  z.strictObject({ kind: z.literal("exact"), expected: z.string() }),
  z.strictObject({ kind: z.literal("contains"), expected: z.string(), ignoreCase: z._default(z.boolean(), false) }),
  /** A pattern of RE2 that must match somewhere; of JavaScript's flags, `i`, `m` and `s` count. */
  z.strictObject({ kind: z.literal("regex"), pattern: z.string(), flags: z._default(z.string(), "") }),
  /** The last number of the output, within `tolerance` (absolute). */
  z.strictObject({
    kind: z.literal("numeric"),
    expected: z.number(),
    tolerance: z._default(z.number().check(z.nonnegative()), 1e-6),
  }),
  /** JSON that says the same as `expected`, whatever the order of its keys. */
  z.strictObject({ kind: z.literal("json"), expected: z.string() }),
]);
export type Check = z.infer<typeof Check>;

export interface Grade {
  readonly pass: boolean;
  /** 0 to 1. */
  readonly score: number;
  /** One sentence for people. */
  readonly reason: string;
}

const MAX_JSON_TEXT = 100_000;
/** Deeper is no object to us, so that the graders in Python (src/export/python) can say the same. */
const MAX_JSON_DEPTH = 400;

export function grade(output: string, check: Check): Grade {
  switch (check.kind) {
    case "exact":
      return verdict(output.trim() === check.expected.trim(), `is ${quote(check.expected)}`, output);
    case "contains": {
      const fold = (text: string) => (check.ignoreCase ? text.toLowerCase() : text);
      return verdict(fold(output).includes(fold(check.expected)), `contains ${quote(check.expected)}`, output);
    }
    case "regex":
      return gradeRegex(output, check.pattern, check.flags);
    case "numeric": {
      const found = lastNumber(output);
      const pass = found !== null && Math.abs(found - check.expected) <= check.tolerance;
      return verdict(pass, `ends with the number ${check.expected}`, found === null ? output : String(found));
    }
    case "json":
      return gradeJson(output, check.expected);
  }
}

function gradeRegex(output: string, pattern: string, flags: string): Grade {
  const found = matches(output, pattern, flags);
  return found === null ? refused(pattern) : verdict(found, `matches ${quote(pattern)}`, output);
}

const refused = (pattern: string): Grade => ({
  ...{ pass: false, score: 0 },
  reason: `The check's pattern ${quote(pattern)} is not one that can be used: no look-around, no back-references.`,
});

/** A fifth for an object at all, the rest for the share of its entries that are right. */
function gradeJson(output: string, expected: string): Grade {
  const wanted = parseObject(expected);
  const got = parseObject(output);
  if (!wanted) return { pass: false, score: 0, reason: `The check's ${quote(expected)} is not a JSON object.` };
  if (!got) return { pass: false, score: 0, reason: `Wanted a JSON object; got ${quote(output)}.` };
  const keys = new Set([...wanted.keys(), ...got.keys()]);
  const right = [...keys].filter((key) => wanted.has(key) && wanted.get(key) === got.get(key)).length;
  const share = keys.size === 0 ? 1 : right / keys.size;
  const pass = share === 1;
  const reason = pass ? "The output is the wanted JSON." : `${right} of ${keys.size} entries are right.`;
  return { pass, score: 0.2 + 0.8 * share, reason };
}

/** Keys to values as canonical JSON, of the text from its first brace to its last; null where that is no object. */
function parseObject(text: string): Map<string, string> | null {
  try {
    const from = text.indexOf("{");
    const value: unknown = JSON.parse(text.slice(from, text.lastIndexOf("}") + 1).slice(0, MAX_JSON_TEXT));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
    return new Map(Object.entries(value).map(([key, item]) => [key, canonical(item)]));
  } catch {
    return null;
  }
}

/** Throws where it is nested too deeply. */
function canonical(value: unknown, depth = 0): string {
  if (depth > MAX_JSON_DEPTH) throw new Error("nested too deeply");
  if (Array.isArray(value)) return `[${value.map((item) => canonical(item, depth + 1)).join()}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${canonical(item, depth + 1)}`).join()}}`;
}

/** Thousands may be grouped by commas; a dash between digits is no sign, a full stop after the last one no decimal point. */
const NUMBER = /(?:(?<!\w)[-+])?(?:\d{1,3}(?:,\d{3})+(?!\d)|\d+|(?=\.\d))(?:\.\d+)?(?:[eE][-+]?\d+)?/g;

function lastNumber(text: string): number | null {
  const found = text.match(NUMBER)?.at(-1);
  return found === undefined ? null : Number(found.replaceAll(",", ""));
}

function verdict(pass: boolean, what: string, got: string): Grade {
  return {
    pass,
    score: pass ? 1 : 0,
    reason: pass ? `The output ${what}.` : `Wanted an output that ${what}; got ${quote(got)}.`,
  };
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 79)}…` : text);
}
