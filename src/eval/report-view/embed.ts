/**
 * A report's JSON inside its own HTML: a block of data, which no browser runs. "<" is written \u003c, so no text in it can
 * end the block; everything else in the file is escaped, so the first opening mark is the real one.
 */
const OPEN = '<script type="application/json" id="burnish-report">';
const CLOSE = "</script>";

export const embed = (value: unknown): string => `${OPEN}${JSON.stringify(value).replaceAll("<", "\\u003c")}${CLOSE}`;

/** Undefined where the text is no such file. */
export function embeddedJson(text: string): string | undefined {
  const from = text.indexOf(OPEN);
  const to = text.indexOf(CLOSE, from);
  return from < 0 || to < 0 ? undefined : text.slice(from + OPEN.length, to);
}
