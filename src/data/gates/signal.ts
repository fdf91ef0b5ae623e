/** What is left to learn after mask and cut, and whether an answer's end is among it. */
import type { DataFix } from "@/worker/api/data";
import { type Gate, type GateRow, indicesOf, percent, rowsDo, rowsWord, severityOf } from "./gate";

const withTokens = (rows: readonly GateRow[]) => rows.filter(({ tokens }) => tokens !== null).length;

export const noSignal: Gate = {
  name: "no-signal",
  title: "Nothing to learn after the cut",
  why: "The prompt alone fills the longest length, so no token of the answer is left to learn and trainers drop the row silently. Raise the length or shorten the prompts.",
  check(rows) {
    const empty = indicesOf(rows, ({ tokens, answer }) => tokens !== null && tokens.trained === 0 && answer !== "");
    if (empty.length === 0) return [];
    const message = `${rowsDo(empty.length, "has", "have")} no token left that teaches.`;
    const found = { severity: severityOf(empty.length, withTokens(rows)), rows: empty, message };
    return [{ ...found, ...lengthThatFits(rows) }];
  },
};

const MANY_CUT = 0.05;

export const truncated: Gate = {
  name: "truncated-answers",
  title: "Answers cut off",
  why: "A row longer than the longest length loses its end, and with it the sign to stop: the model learns to ramble. Raise the length, or leave out the longest rows.",
  check(rows) {
    const cut = indicesOf(
      rows,
      ({ tokens }) => tokens !== null && tokens.trained > 0 && tokens.fullLength > tokens.length,
    );
    if (cut.length === 0) return [];
    const total = withTokens(rows);
    const message = `${rowsWord(cut.length)} (${percent(cut.length / total)}) are longer than the limit and end in the middle.`;
    return [{ severity: severityOf(cut.length, total, MANY_CUT), rows: cut, message, ...lengthThatFits(rows) }];
  },
};

export const endNeverTrained: Gate = {
  name: "eos-never-trained",
  title: "The end is never learned",
  why: "No token that ends an answer is among those that teach, so the tuned model will not know when to stop. Append the end token, or choose a loss and a template that train it.",
  check(rows) {
    const whole = (row: GateRow) =>
      row.tokens !== null && row.tokens.trained > 0 && row.tokens.fullLength === row.tokens.length;
    const endless = indicesOf(rows, (row) => whole(row) && row.tokens?.endTrained === false);
    const share = endless.length / Math.max(1, rows.filter(whole).length);
    if (endless.length === 0) return [];
    const message = `${rowsWord(endless.length)} (${percent(share)} of the whole ones) teach no end token.`;
    return [{ severity: share > 0.5 ? "red" : "amber", rows: endless, message }];
  },
};

export const doubleBos: Gate = {
  name: "double-bos",
  title: "Two start tokens",
  why: "The text already begins with the start token and the tokenizer adds another, a beginning that the model has never seen. The fix takes the written one out.",
  fix: (text, { tokenizer }) => {
    const bos = tokenizer?.specialTokens.bos_token ?? "";
    return bos !== "" && text.startsWith(bos) ? text.slice(bos.length) : text;
  },
  check(rows) {
    const doubled = indicesOf(rows, ({ tokens }) => tokens?.doubleBos === true);
    if (doubled.length === 0) return [];
    const message = `${rowsDo(doubled.length, "begins", "begin")} with the start token twice.`;
    return [{ severity: severityOf(doubled.length, withTokens(rows)), rows: doubled, message }];
  },
};

function lengthThatFits(rows: readonly GateRow[]): { fix: DataFix } {
  const maxLength = roundUp(rows.reduce((longest, { tokens }) => Math.max(longest, tokens?.fullLength ?? 0), 0));
  return { fix: { label: `Raise the length to ${maxLength}`, data: { maxLength } } };
}

/** To the next multiple of 64, the engine's grain. */
export const roundUp = (tokens: number): number => 64 * Math.ceil(tokens / 64);
