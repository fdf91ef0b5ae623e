/** Passes where the pattern matches somewhere; one that RE2 does not know is refused when the suite is read. */
import { isUsable, matches } from "@/eval/pattern";
import { type Assertion, type Grade, graded, quote } from "./assertion";

/** Null: usable. */
export function regexFault(pattern: string): string | null {
  if (isUsable(pattern)) return null;
  return `the pattern ${quote(pattern)} is not one of RE2, which has no look-around and no back-references`;
}

export function regex(output: string, { value }: Assertion): Grade {
  const pattern = String(value);
  const pass = matches(output, pattern);
  if (pass === null) return graded(false, `Refused: ${regexFault(pattern)}.`);
  return graded(pass, `The output ${pass ? "matches" : "does not match"} ${quote(pattern)}.`);
}
