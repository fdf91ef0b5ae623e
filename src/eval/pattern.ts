/**
 * A pattern from someone else's file, matched in time linear in the text (RE2): no pattern can hang. RE2 knows no
 * back-references and no look-around. Of JavaScript's syntax, `(?<name>…)` and the flags i, m and s mean the same;
 * `\\d`, `\\w`, `\\s` and `\\b` are ASCII's.
 */
import { RE2JS } from "re2js";

const MOST_TEXT = 100_000;
const MOST_KEPT = 500;
const kept = new Map<string, RE2JS | null>();

/** Does it match somewhere in the first 100,000 characters? Null: RE2 has no such pattern. */
export function matches(text: string, pattern: string, flags = ""): boolean | null {
  return compile(pattern, flags)?.matcher(text.slice(0, MOST_TEXT)).find() ?? null;
}

export const isUsable = (pattern: string): boolean => compile(pattern, "") !== null;

function compile(pattern: string, flags: string): RE2JS | null {
  // Sticky, global and Unicode matching change nothing of whether there is a match.
  const wanted = flags.replace(/[^ims]/g, "");
  const key = `${wanted}/${pattern}`;
  const found = kept.get(key);
  if (found !== undefined) return found;
  if (kept.size >= MOST_KEPT) kept.clear();
  const made = attempt(wanted === "" ? pattern : `(?${wanted})${pattern}`);
  kept.set(key, made);
  return made;
}

function attempt(pattern: string): RE2JS | null {
  try {
    return RE2JS.compile(pattern);
  } catch {
    return null;
  }
}
