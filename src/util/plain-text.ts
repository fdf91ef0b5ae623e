/**
 * A stranger's text as text: a log, an error or a name from elsewhere may hold sequences that steer a terminal (ECMA-48: CSI,
 * OSC and the other strings), characters that turn the direction of reading, and lines without an end.
 */

// Strings first: their introducer alone would pass for a short sequence, which an unfinished one then is.
const SEQUENCE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for.
  /(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x07\x1b\x9c\n]*(?:\x07|\x1b\\|\x9c)|(?:\x1b\[?|\x9b)[0-?]*[ -/]*[@-~]/g;
const STEERING = /(?![\t\n])\p{Cc}|[\u2028-\u202e\u2066-\u2069\ufeff\p{Cs}]/gu;

/** Without what steers; lines and tabs stay. */
export const plainText = (text: string) => text.replace(SEQUENCE, "").replace(STEERING, "");

const LONGEST_LINE = 4000;

/** One bounded line. A progress bar writes its line again and again behind carriage returns: the last state counts. */
export function plainLine(text: string, most = LONGEST_LINE): string {
  let end = text.length;
  while (text[end - 1] === "\r") end--;
  const start = text.lastIndexOf("\r", end - 1) + 1;
  // Sequences take room, too, but not all of a line's; the rest is counted, not searched.
  const head = text.slice(start, Math.min(end, start + 4 * most));
  const plain = plainText(head.replaceAll("\n", " "));
  const over = end - start - head.length + Math.max(0, plain.length - most);
  return over > 0 ? `${plainText(plain.slice(0, most))}… (${over} more characters)` : plain;
}
