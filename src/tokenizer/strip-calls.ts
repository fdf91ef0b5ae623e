/**
 * `strip`, `lstrip` and `rstrip` of chat templates, as Python has them. The library's take no argument, so
 * `lstrip('\n')` would strip spaces too, and JavaScript's idea of white space differs. Here calls of them in the parsed
 * tree become calls of functions of our own, which `render` is given.
 */
import { parse, tokenize } from "@huggingface/jinja";

/** What str.isspace says yes to. */
const WHITE =
  "\t\n\v\f\r\x1c\x1d\x1e\x1f \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000";

function stripped(text: string, characters: unknown, left: boolean, right: boolean): string {
  const set = new Set(typeof characters === "string" ? characters : WHITE);
  const letters = Array.from(text);
  let start = 0;
  let end = letters.length;
  while (left && start < end && set.has(letters[start] ?? "")) start++;
  while (right && end > start && set.has(letters[end - 1] ?? "")) end--;
  return letters.slice(start, end).join("");
}

const NAMES = ["strip", "lstrip", "rstrip"] as const;
const ours = (name: string) => `burnish_${name}`;

/** To be among the variables of every rendering. */
export const STRIP_FUNCTIONS: Readonly<Record<string, (text: unknown, characters?: unknown) => string>> =
  Object.fromEntries(
    NAMES.map((name) => [
      ours(name),
      (text, characters) => stripped(String(text), characters, name !== "rstrip", name !== "lstrip"),
    ]),
  );

/** Rewrites the tree in place. */
export function callOwnStrips(tree: unknown): void {
  if (typeof tree !== "object" || tree === null) return;
  for (const part of tree instanceof Map ? tree.entries() : Object.values(tree)) callOwnStrips(part);
  const { type, callee, args } = tree as { type?: string; callee?: Member; args?: unknown[] };
  if (type !== "CallExpression" || callee?.type !== "MemberExpression" || callee.computed) return;
  const name = NAMES.find((known) => known === callee.property?.value);
  if (!name) return;
  Object.assign(tree, {
    callee: parse(tokenize(`{{ ${ours(name)} }}`)).body[0],
    args: [callee.object, ...(args ?? [])],
  });
}

interface Member {
  readonly type: string;
  readonly computed: boolean;
  readonly object: unknown;
  readonly property?: { readonly value?: unknown };
}
