/**
 * A pattern from someone else's file, matched in time linear in the text (RE2): no pattern can hang. RE2 knows no
 * back-references and no look-ahead; a pattern that needs them is refused when the suite is read.
 */
import { RE2JS } from "re2js";
import { type Assertion, type Grade, graded, quote } from "./assertion";

const MOST_TEXT = 100_000;
const kept = new Map<string, RE2JS>();

/** Null: usable. */
export function regexFault(pattern: string): string | null {
  try {
    compile(pattern);
    return null;
  } catch {
    return `the pattern ${quote(pattern)} is not one of RE2, which has no look-around and no back-references`;
  }
}

export function regex(output: string, { value }: Assertion): Grade {
  const pattern = String(value);
  const fault = regexFault(pattern);
  if (fault) return graded(false, `Refused: ${fault}.`);
  const pass = compile(pattern).matcher(output.slice(0, MOST_TEXT)).find();
  return graded(pass, `The output ${pass ? "matches" : "does not match"} ${quote(pattern)}.`);
}

function compile(pattern: string): RE2JS {
  const found = kept.get(pattern);
  if (found) return found;
  const made = RE2JS.compile(pattern);
  if (kept.size > 500) kept.clear();
  kept.set(pattern, made);
  return made;
}
