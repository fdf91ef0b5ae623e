/**
 * Characters that a reader does not see and a model does. Those that a script or an emoji needs are left alone: joiners
 * within Arabic and Indic words, variation selectors behind symbols, the tags of flags.
 */
import { codePoint, type Finding, lineCounter, visible } from "./finding";

interface Sort {
  readonly rule: string;
  readonly severity: Finding["severity"];
  readonly pattern: RegExp;
  readonly says: (text: string, count: number) => string;
}

const ZERO_WIDTH =
  "\\u00ad\\u034f\\u115f\\u1160\\u17b4\\u17b5\\u180b-\\u180e\\u200b-\\u200d\\u2060-\\u2065\\u3164\\ufeff\\uffa0\\ufff9-\\ufffb";
/** What may stand beside a joiner: emoji, and scripts whose letters it shapes. */
const JOINS =
  "[\\p{Extended_Pictographic}\\p{Emoji_Modifier}\\ufe0f\\p{Script=Arabic}\\p{Script=Devanagari}\\p{Script=Bengali}\\p{Script=Gurmukhi}\\p{Script=Gujarati}\\p{Script=Oriya}\\p{Script=Tamil}\\p{Script=Telugu}\\p{Script=Kannada}\\p{Script=Malayalam}\\p{Script=Sinhala}\\p{Script=Khmer}\\p{Script=Myanmar}\\p{Script=Syriac}\\p{Mn}]";

const SORTS: readonly Sort[] = [
  {
    ...{ rule: "tags", severity: "error", pattern: /[\u{e0000}-\u{e007f}]+/gu },
    says: (text) => `Tag characters, which nobody sees, spell ${quoted(untagged(text))}.`,
  },
  {
    ...{ rule: "bidi-control", severity: "error", pattern: /[\u202a-\u202e\u2066-\u2069]/gu },
    says: (text) => `${codePoint(text)} turns the direction of writing, so that what is read is not what is there.`,
  },
  {
    ...{ rule: "variation-selectors", severity: "error", pattern: /[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]{2,}/gu },
    says: (text, count) =>
      `${count} variation selectors in a row, which carry bytes that nobody sees: ${quoted(selected(text))}.`,
  },
  {
    ...{ rule: "zero-width", severity: "error", pattern: new RegExp(`[${ZERO_WIDTH}]{2,}`, "gu") },
    says: (_, count) => `${count} characters without width in a row can carry a message that nobody sees.`,
  },
  {
    ...{ rule: "control", severity: "error", pattern: /(?:(?![\t\n\r])\p{Cc})+/gu },
    says: (text) => `A control character (${codePoint(text)}), which a terminal may obey.`,
  },
  {
    ...{ rule: "zero-width-one", severity: "warning", pattern: new RegExp(`[${ZERO_WIDTH}]`, "gu") },
    says: (text) =>
      `A character without width (${codePoint(text)}) breaks the word that it stands in for whoever searches.`,
  },
  {
    ...{ rule: "bidi-mark", severity: "warning", pattern: /[\u200e\u200f\u061c]/gu },
    says: (text) => `A mark of direction (${codePoint(text)}) that nobody sees.`,
  },
  {
    ...{
      rule: "variation-selector",
      severity: "warning",
      pattern:
        /(?<![\p{Extended_Pictographic}\p{So}\p{Sm}\p{Sc}\p{Po}\p{N}#*\p{Script=Han}\p{Script=Mongolian}])[\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu,
    },
    says: (text) => `A variation selector (${codePoint(text)}) where nothing has variants.`,
  },
  {
    ...{ rule: "private-use", severity: "warning", pattern: /\p{Co}+/gu },
    says: (text) => `A character for private use (${codePoint(text)}), which looks different everywhere.`,
  },
  {
    ...{ rule: "line-separator", severity: "warning", pattern: /[\u2028\u2029]/gu },
    says: (text) => `A separator (${codePoint(text)}) that some programs read as a new line and others do not.`,
  },
];

/** Per rule and file this many are told one by one. */
const MOST_EACH = 20;

export function checkHidden(source: string, file: string): Finding[] {
  const text = source.replace(/^\ufeff/, " ");
  const taken = new Set<number>();
  const found: Finding[] = [];
  for (const { rule, severity, pattern, says } of SORTS) {
    const line = lineCounter(text);
    let count = 0;
    for (const { 0: match, index } of text.matchAll(pattern)) {
      if (taken.has(index) || isNeeded(text, index, match)) continue;
      for (let i = 0; i < match.length; i++) taken.add(index + i);
      if (++count > MOST_EACH) continue;
      const message = says(match, [...match].length);
      const around = visible(text.slice(Math.max(0, index - 30), index + match.length + 30));
      found.push({ kind: "hidden", severity, rule, message, file, line: line(index), text: around });
    }
    if (count > MOST_EACH) {
      const message = `${count - MOST_EACH} more of this kind (${rule}).`;
      found.push({ kind: "hidden", severity, rule, message, file, line: 0 });
    }
  }
  return [...found, ...lookalikes(text, file)];
}

const FLAG = /\u{1f3f4}$/u;
const JOINED = new RegExp(`${JOINS}$`, "u");
const JOINING = new RegExp(`^${JOINS}`, "u");

function isNeeded(text: string, index: number, match: string): boolean {
  const [before, after] = [
    text.slice(Math.max(0, index - 4), index),
    text.slice(index + match.length, index + match.length + 4),
  ];
  if (/^[\u{e0020}-\u{e007e}]{2,6}\u{e007f}$/u.test(match)) return FLAG.test(before);
  return (match === "\u200d" || match === "\u200c") && JOINED.test(before) && JOINING.test(after);
}

/** A word of two alphabets whose letters look alike. */
function lookalikes(text: string, file: string): Finding[] {
  const line = lineCounter(text);
  const found: Finding[] = [];
  for (const { 0: word, index } of text.matchAll(/[\p{L}\p{M}]{2,}/gu)) {
    if (!/\p{Script=Latin}/u.test(word)) continue;
    const foreign = [...word].filter(
      (one) =>
        /[\p{Script=Cyrillic}\p{Script=Greek}\p{Script=Armenian}\p{Script=Cherokee}]/u.test(one) && FOLD.has(one),
    );
    if (foreign.length === 0 || found.length >= MOST_EACH) continue;
    const message = `${quoted(word)} is written with letters of two alphabets (${foreign.slice(0, 3).map(codePoint).join(", ")}): it is not the word that it looks like.`;
    found.push({
      kind: "hidden",
      severity: "warning",
      rule: "homoglyph",
      message,
      file,
      line: line(index),
      text: word.slice(0, 80),
    });
  }
  return found;
}

const FOLD = new Map<string, string>(
  [
    ..."аaеeоoрpсcуyхxіiјjѕsԁdԛqԝwАAВBЕEКKМMНHОOРPСCТTХXУYІIЈJЅS".matchAll(/(.)(.)/gu),
    ..."αaοoνvρpυuιiκkΑAΒBΕEΖZΗHΙIΚKΜMΝNΟOΡPΤTΥYΧX".matchAll(/(.)(.)/gu),
    ..."օoսuհhզqցgոn".matchAll(/(.)(.)/gu),
  ].map(([, from = "", to = ""]) => [from, to]),
);

const UNSEEN = new RegExp(
  `[${ZERO_WIDTH}\\u{e0000}-\\u{e007f}\\ufe00-\\ufe0f\\u{e0100}-\\u{e01ef}\\u200e\\u200f\\u061c\\u202a-\\u202e\\u2066-\\u2069]`,
  "gu",
);

/** As it is read aloud: without what has no width, look-alikes as Latin letters; its lines stay where they are. */
export const plainly = (text: string): string =>
  text
    .replace(UNSEEN, "")
    .normalize("NFKC")
    .replace(/[\u0370-\u058f]/g, (one) => FOLD.get(one) ?? one);

const untagged = (text: string): string =>
  [...text].map((one) => String.fromCodePoint((one.codePointAt(0) ?? 0) & 0x7f)).join("");

/** Sixteen selectors are the bytes 0 to 15, the 240 others those from 16 on. */
const selected = (text: string): string =>
  new TextDecoder().decode(
    Uint8Array.from(
      [...text].map((one) => {
        const code = one.codePointAt(0) ?? 0;
        return code >= 0xe0100 ? code - 0xe0100 + 16 : code - 0xfe00;
      }),
    ),
  );

const quoted = (text: string) => JSON.stringify(visible(text));

const TAKEN_OUT = SORTS.filter(({ rule }) => !["private-use", "variation-selector"].includes(rule));

/** What nobody sees and writing does not need is taken out. */
export function withoutHidden(text: string): { readonly text: string; readonly removed: number } {
  let removed = 0;
  const clean = TAKEN_OUT.reduce(
    (all, { pattern, rule }) =>
      all.replace(pattern, (match: string, at: number) => {
        if (isNeeded(all, at, match)) return match;
        removed += [...match].length;
        return rule === "line-separator" ? "\n" : "";
      }),
    text,
  );
  return { text: clean, removed };
}
