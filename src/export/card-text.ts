/** Text of others in Markdown, where it must stay text. */

/** One line without markup of its own. */
export const plain = (text: string) =>
  text
    .replace(/\s+/g, " ")
    .replace(/[<>[\]`*_#|\\!]/g, "")
    .trim()
    .slice(0, 300);

/** Inline code of any text, in a table too. */
export const code = (text: string) =>
  `\`${text
    .replace(/[`\s|]+/g, " ")
    .trim()
    .slice(0, 200)}\``;
