/** What is said of a skill: one thing, at one place. Offending text is shown as text, with what cannot be seen spelt out. */

export interface Finding {
  readonly kind: "format" | "size" | "hidden" | "injection" | "link";
  /** error: against the specification, or hidden from a reader; warning: advice of the specification, or worth a look. */
  readonly severity: "error" | "warning" | "note";
  /** Names the rule, for programs: "name-folder". */
  readonly rule: string;
  readonly message: string;
  /** Within the skill. */
  readonly file: string;
  /** From 1; 0 where it is of the file as a whole. */
  readonly line: number;
  /** The offending text, already visible. */
  readonly text?: string;
}

const UNSEEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/gu;

/** With every character that cannot be seen as its code point, at most 160 characters long. */
export function visible(text: string): string {
  const cut = text.length > 160 ? `${text.slice(0, 159)}…` : text;
  return cut.replace(/\s+/g, " ").replace(UNSEEN, (one) => `⟨${codePoint(one)}⟩`);
}

export const codePoint = (one: string): string =>
  `U+${(one.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`;

/** The line of an offset, from 1; for many offsets in rising order of one text. */
export function lineCounter(text: string): (offset: number) => number {
  let [at, line] = [0, 1];
  return (offset) => {
    if (offset < at) [at, line] = [0, 1];
    for (; at < offset; at++) if (text.charCodeAt(at) === 10) line++;
    return line;
  };
}
