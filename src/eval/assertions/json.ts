/** JSON in an answer, and whether it follows a schema. The validator compiles nothing: no eval, and the page's policy holds. */
import { type Schema, Validator } from "@cfworker/json-schema";
import { type Assertion, type Grade, graded, quote } from "./assertion";
import { regexFault } from "./regex";

const MOST_TEXT = 200_000;
/** Places where an embedded value may begin. */
const MOST_STARTS = 50;

/** Null: usable. A schema's patterns run in the validator as JavaScript's own, so only those that cannot hang are let in. */
export function schemaFault(value: unknown): string | null {
  if (value === undefined || value === null || typeof value === "boolean") return null;
  if (typeof value !== "object" || Array.isArray(value)) return "a JSON schema must be an object";
  const faults: string[] = [];
  const visit = (node: unknown, depth: number): void => {
    if (depth > 64) faults.push("the schema is nested too deeply");
    if (typeof node !== "object" || node === null || faults.length > 0) return;
    for (const [key, item] of Object.entries(node)) {
      if (key === "$ref" && typeof item === "string" && !item.startsWith("#"))
        faults.push(`$ref ${quote(item)} is elsewhere`);
      if (key === "pattern" && typeof item === "string") faults.push(...patternFaults(item));
      if (key === "patternProperties" && typeof item === "object" && item !== null) {
        faults.push(...Object.keys(item).flatMap(patternFaults));
      }
      visit(item, depth + 1);
    }
  };
  visit(value, 0);
  if (faults.length > 0) return faults[0] ?? null;
  try {
    new Validator(value as Schema, "2020-12").validate(null);
    return null;
  } catch (error) {
    return `the schema cannot be used: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What can hang a backtracking matcher: a repeated group that repeats or chooses inside. */
function patternFaults(pattern: string): string[] {
  const nested = /\([^()]*[*+|{?][^()]*\)[*+{]/.test(pattern) || /\(.*\(.*\)[*+{].*\)[*+{]/.test(pattern);
  const fault = regexFault(pattern) ?? (nested ? `the schema's pattern ${quote(pattern)} can take forever` : null);
  return fault ? [fault] : [];
}

export function isJson(output: string, { type, value }: Assertion): Grade {
  const said = findJson(output, type === "is-json");
  if (said === undefined) return graded(false, `Wanted JSON; got ${quote(output)}.`);
  if (value === undefined || value === null) return graded(true, "The output is JSON.");
  const { valid, errors } = new Validator(value as Schema, "2020-12").validate(said);
  const [first] = errors.slice(-1);
  return graded(valid, valid ? "The JSON follows the schema." : `At ${first?.instanceLocation}: ${first?.error}`);
}

/** The text as one JSON value; or, unless `whole`, the first one that stands in it. Undefined: there is none. */
export function findJson(output: string, whole: boolean): unknown {
  const text = output.slice(0, MOST_TEXT);
  const all = attempt(text.trim());
  if (all !== undefined || whole) return all;
  let tried = 0;
  for (let at = text.search(/[[{]/); at >= 0 && tried < MOST_STARTS; tried++) {
    const end = endOfValue(text, at);
    const value = end > 0 ? attempt(text.slice(at, end)) : undefined;
    if (value !== undefined) return value;
    const next = text.slice(at + 1).search(/[[{]/);
    at = next < 0 ? -1 : at + 1 + next;
  }
  return undefined;
}

function attempt(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Behind the bracket that closes the one at `from`; 0: none does. */
function endOfValue(text: string, from: number): number {
  let depth = 0;
  let quoted = false;
  for (let i = from; i < text.length; i++) {
    const unit = text[i];
    if (quoted) {
      if (unit === "\\") i++;
      else if (unit === '"') quoted = false;
    } else if (unit === '"') quoted = true;
    else if (unit === "{" || unit === "[") depth++;
    else if ((unit === "}" || unit === "]") && --depth === 0) return i + 1;
  }
  return 0;
}

export function sameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [left, right] = [Object.entries(a), new Map(Object.entries(b))];
  return left.length === right.size && left.every(([key, value]) => right.has(key) && sameJson(value, right.get(key)));
}
