/** Characters that nobody meant to write: text decoded by the wrong table, and what is there but cannot be seen. */
import { type Gate, indicesOf, quote, rowsDo, severityOf } from "./gate";

/** Windows-1252's characters for the bytes 0x80 to 0x9f; U+0081 and its like stand for themselves. */
const CP1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ";
const BYTES = new Map([...CP1252].map((character, i) => [character, 0x80 + i]));
/** UTF-8's lead bytes C2–F4 followed by continuations, as Windows-1252 shows them: "Ã©", "â€™", "ðŸ˜€". */
const CONTINUATION = `[\\u0080-\\u00bf${CP1252.slice(0, 1)}${[...CP1252].slice(1).join("")}]`;
const BROKEN = new RegExp(
  `[\\u00c2-\\u00df]${CONTINUATION}|[\\u00e0-\\u00ef]${CONTINUATION}{2}|[\\u00f0-\\u00f4]${CONTINUATION}{3}`,
  "g",
);
const NOT_ASCII = /[\u0080-\u{10ffff}]/u;

export const mojibake: Gate = {
  name: "mojibake",
  title: "Text in a wrong encoding",
  why: "UTF-8 was read as Windows-1252 somewhere, so that é became Ã©, and the model would learn to write that. The fix reads such places as the bytes that they were.",
  fix: repair,
  check(rows) {
    const broken = indicesOf(rows, ({ prompt, answer, rejected }) =>
      [prompt, answer, rejected ?? ""].some((text) => NOT_ASCII.test(text) && repair(text) !== text),
    );
    if (broken.length === 0) return [];
    const first = rows[broken[0] ?? 0];
    const sample = BROKEN[Symbol.match](`${first?.prompt} ${first?.answer} ${first?.rejected ?? ""}`)?.[0] ?? "";
    const message = `${rowsDo(broken.length, "holds", "hold")} text such as ${quote(sample)}, which was ${quote(repair(sample))}.`;
    return [{ severity: severityOf(broken.length, rows.length), rows: broken, message }];
  },
};

/** Each stretch that is valid UTF-8 when taken as Windows-1252's bytes becomes what it was; all else stays. */
export function repair(text: string): string {
  return text.replace(BROKEN, (stretch) => {
    const bytes = Uint8Array.from(stretch, (character) => BYTES.get(character) ?? character.charCodeAt(0));
    try {
      return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    } catch {
      return stretch;
    }
  });
}

/**
 * Controls, formats (zero-width, direction overrides, tags), lone surrogates, the sign of a failed decoding. Joiners count
 * only between Latin letters, since Arabic, Indic scripts and emoji are written with them; so do right-to-left marks.
 */
const INVISIBLE =
  /(?![\t\n\r\u0600-\u06dd\u200c-\u200f])[\p{Cc}\p{Cf}\p{Cs}\ufffd]|(?<=[\w ])[\u200c\u200d](?=[\w ])/gu;

export const invisible: Gate = {
  name: "invisible-characters",
  title: "Characters that cannot be seen",
  why: "Zero-width and control characters are tokens of their own, which split words and can hide instructions. The fix takes them out; nothing that can be read changes.",
  fix: (text) => text.replace(INVISIBLE, ""),
  check(rows) {
    const names = new Set<string>();
    const found = indicesOf(rows, ({ prompt, answer, rejected }) =>
      [prompt, answer, rejected ?? ""].some((text) => {
        INVISIBLE.lastIndex = 0;
        const match = INVISIBLE.exec(NOT_ASCII.test(text) ? repair(text) : text)?.[0];
        if (match === undefined) return false;
        names.add(`U+${(match.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`);
        return true;
      }),
    );
    if (found.length === 0) return [];
    const message = `${rowsDo(found.length, "holds", "hold")} ${[...names].slice(0, 4).join(", ")}.`;
    return [{ severity: "amber", rows: found, message }];
  },
};
