/** The same text, white space at both ends aside; the same JSON where the value is no text. */
import { type Assertion, type Grade, graded, quote } from "./assertion";
import { findJson, sameJson } from "./json";

export function equals(output: string, { value }: Assertion): Grade {
  if (typeof value === "object" && value !== null) {
    const said = findJson(output, true);
    return graded(said !== undefined && sameJson(said, value), `Wanted ${quote(JSON.stringify(value))}.`);
  }
  const wanted = String(value).trim();
  const pass = output.trim() === wanted;
  return graded(pass, pass ? `The output is ${quote(wanted)}.` : `Wanted ${quote(wanted)}; got ${quote(output)}.`);
}
