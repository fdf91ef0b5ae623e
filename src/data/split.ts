/**
 * Which rows are held out: those whose hash of (seed, normalised prompt) falls below the fraction.
 *
 * The decision depends on the row alone, so adding rows never moves old ones between the sides, and duplicates, which
 * share a prompt, never straddle. The price is that the share is met on average, not exactly.
 */
import { hashString } from "@/util/random";
import type { Row } from "./row";

/** What two rows must share to count as the same question. */
export function splitKey(row: Row): string {
  if (row.kind === "text") return normalise(row.text);
  const asked = row.kind === "messages" ? beforeFirstAnswer(row.messages) : row.prompt;
  if (typeof asked === "string") return normalise(asked);
  return normalise(JSON.stringify(asked.map(({ role, content }) => [role, content])));
}

/** `fraction` of all keys, 0 to 1. */
export function isHeldOut(key: string, fraction: number, seed: number): boolean {
  return hashString(`${seed}\n${key}`) / 2 ** 53 < fraction;
}

function beforeFirstAnswer<T extends { readonly role: string }>(messages: readonly T[]): readonly T[] {
  const first = messages.findIndex(({ role }) => role === "assistant");
  return first < 0 ? messages : messages.slice(0, first);
}

function normalise(text: string): string {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}
