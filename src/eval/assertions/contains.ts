/** contains, icontains, their -any and -all forms, and starts-with. */
import { type Assertion, type Grade, graded, listOf, quote } from "./assertion";

export function contains(output: string, { type, value }: Assertion): Grade {
  const fold = (text: string) => (type.startsWith("i") ? text.toLowerCase() : text);
  const said = fold(output);
  if (type === "starts-with") {
    const pass = said.startsWith(String(value));
    return graded(pass, `The output ${pass ? "starts" : "does not start"} with ${quote(String(value))}.`);
  }
  const many = type.endsWith("-any") || type.endsWith("-all");
  const wanted = many ? listOf(value) : [String(value)];
  const missing = wanted.filter((item) => !said.includes(fold(item)));
  const found = wanted.length - missing.length;
  const pass = type.endsWith("-any") ? found > 0 : missing.length === 0;
  const which = missing.slice(0, 3).map(quote).join(", ");
  return graded(pass, pass ? `The output contains what it must.` : `The output does not contain ${which}.`);
}
