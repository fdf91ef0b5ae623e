/**
 * (output, check) → {pass, score, reason}, pure: the same function grades an evaluation, rewards a rollout and judges a
 * skill. A check is plain data, so that a suite can be shared; it comes from files, hence the schema.
 */
import * as z from "zod/mini";

export const Check = z.discriminatedUnion("kind", [
  /** The same text, white space at both ends aside. */
  z.strictObject({ kind: z.literal("exact"), expected: z.string() }),
  z.strictObject({ kind: z.literal("contains"), expected: z.string(), ignoreCase: z._default(z.boolean(), false) }),
  /** A JavaScript pattern that must match somewhere. */
  z.strictObject({ kind: z.literal("regex"), pattern: z.string(), flags: z._default(z.string(), "") }),
  /** The last number of the output, within `tolerance` (absolute). */
  z.strictObject({
    kind: z.literal("numeric"),
    expected: z.number(),
    tolerance: z._default(z.number().check(z.nonnegative()), 1e-6),
  }),
]);
export type Check = z.infer<typeof Check>;

export interface Grade {
  readonly pass: boolean;
  /** 0 to 1. */
  readonly score: number;
  /** One sentence for people. */
  readonly reason: string;
}

/** A hostile pattern can take time that grows fast with the text. */
const MAX_REGEX_TEXT = 10_000;

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
  }
}

function gradeRegex(output: string, pattern: string, flags: string): Grade {
  let expression: RegExp;
  try {
    // Sticky and global expressions keep state between calls, which a pure function must not.
    expression = new RegExp(pattern, flags.replace(/[gy]/g, ""));
  } catch {
    return { pass: false, score: 0, reason: `The check's pattern ${quote(pattern)} is not a regular expression.` };
  }
  return verdict(expression.test(output.slice(0, MAX_REGEX_TEXT)), `matches ${quote(pattern)}`, output);
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
