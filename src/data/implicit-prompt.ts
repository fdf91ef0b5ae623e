/**
 * The prompt that chosen and rejected share, where a preference set has no prompt column: TRL's extract_prompt.
 *
 *   i = first element where they differ, else the last element of the shorter one; before it, one space is left to the answers.
 *
 * Elements are messages, or characters (code points, as Python counts them). TRL's code looks at element -1 when they
 * differ at once, which cuts a text that ends in a space at its end; here the prompt is empty then.
 */
import type { Messages } from "./row";

export interface Shared<T> {
  readonly prompt: T;
  readonly chosen: T;
  readonly rejected: T;
}

/** Null when either is empty: there is nothing to prefer. */
export function sharedText(chosen: string, rejected: string): Shared<string> | null {
  const [a, b] = [Array.from(chosen), Array.from(rejected)];
  const at = splitPoint(a, b, (x, y) => x === y);
  if (at === null) return null;
  const from = at > 0 && a[at - 1] === " " && a[at] !== b[at] ? at - 1 : at;
  return {
    prompt: a.slice(0, from).join(""),
    chosen: a.slice(from).join(""),
    rejected: b.slice(from).join(""),
  };
}

export function sharedMessages(chosen: Messages, rejected: Messages): Shared<Messages> | null {
  const at = splitPoint(chosen, rejected, sameMessage);
  if (at === null) return null;
  return { prompt: chosen.slice(0, at), chosen: chosen.slice(at), rejected: rejected.slice(at) };
}

function splitPoint<T>(a: readonly T[], b: readonly T[], same: (x: T, y: T) => boolean): number | null {
  const length = Math.min(a.length, b.length);
  if (length === 0) return null;
  for (let i = 0; i < length; i++) if (!same(a[i] as T, b[i] as T)) return i;
  return length - 1;
}

/** By value, whatever the order of keys; an absent field equals null, as a column of structs has it. */
function sameMessage(a: unknown, b: unknown): boolean {
  return canonical(a) === canonical(b);
}

function canonical(value: unknown): string {
  return JSON.stringify(value, (_, inner: unknown) => {
    if (typeof inner !== "object" || inner === null || Array.isArray(inner)) return inner;
    const entries = Object.entries(inner).filter(([, field]) => field !== null);
    return Object.fromEntries(entries.sort(([x], [y]) => (x < y ? -1 : 1)));
  });
}
