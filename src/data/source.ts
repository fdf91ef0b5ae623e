/** The first half of every dataset: files → rows of the method's type → the part to train on and the part held out. */
import { AppError } from "@/errors";
import type { Recipe } from "@/train/recipe";
import type { DataFault } from "@/worker/api";
import type { DatasetText, TextFile } from "./dataset-types";
import { type FormatOptions, formatRows } from "./formats";
import { readRecords } from "./read";
import type { FormattedRow, Method, RowOf } from "./row";
import { isHeldOut } from "./split";
import { groupKeys } from "./split-groups";

/** Of faults and of rows shown to people. */
export const SHOWN_FAULTS = 50;
export const SHOWN_ROWS = 5;

const WANTED: Readonly<Record<Method, string>> = {
  sft: "Give each row prompt and completion, or messages, or text.",
  dpo: "Give each row a prompt, a chosen and a rejected answer.",
  grpo: "Give each row a prompt, and in the column answer what the reward compares with.",
  kto: "Give each row a prompt, a completion and a label.",
};

/** Faults go into `faults`, in the order of their lines. Throws "dataset/empty" and "dataset/malformed". */
export function splitRows<M extends Method>(
  source: DatasetText,
  recipe: Recipe,
  method: M,
  chat: boolean,
  faults: DataFault[],
): { train: FormattedRow<RowOf[M]>[]; held: FormattedRow<RowOf[M]>[] } {
  const options = { columns: recipe.data.columns, chat, method };
  const rows = readRows(source.train, "", options, faults);
  if (source.eval) return { train: rows, held: readRows(source.eval, `${source.eval.name}: `, options, faults) };
  const train: FormattedRow<RowOf[M]>[] = [];
  const held: FormattedRow<RowOf[M]>[] = [];
  const keys = groupKeys(rows);
  rows.forEach((row, i) => {
    (isHeldOut(keys[i] ?? "", recipe.data.holdout, recipe.seed) ? held : train).push(row);
  });
  return { train, held };
}

function readRows<M extends Method>(
  file: TextFile,
  label: string,
  options: FormatOptions<M>,
  faults: DataFault[],
): FormattedRow<RowOf[M]>[] {
  const read = readRecords(file.text, file.name);
  const formatted = formatRows(read.records, options);
  const found = [...read.faults, ...formatted.faults].sort((a, b) => a.line - b.line);
  faults.push(...found.map(({ line, message }) => ({ line, message: label + message })));
  if (formatted.rows.length > 0) return formatted.rows;
  const example = found[0] ? ` Line ${found[0].line}: ${found[0].message}` : "";
  throw new AppError("dataset/empty", `${file.name} has no usable row.${example}`, {
    hint: WANTED[options.method ?? "sft"],
  });
}

/** A template that refuses one conversation spoils that row only. */
export function orFault<T>(line: number, faults: DataFault[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "dataset/malformed") throw error;
    faults.push({ line, message: error.message });
    return undefined;
  }
}

export function nothingToLearn(name: string, dropped: number, fault: DataFault | undefined): AppError {
  const why =
    dropped > 0 ? `${dropped} rows have no trained token within the length limit` : "no row is left to train on";
  const example = fault ? ` Line ${fault.line}: ${fault.message}` : "";
  return new AppError("dataset/nothing-to-learn", `${name} teaches nothing: ${why}.${example}`, {
    hint: "Raise data.maxLength, lower data.holdout, or look at which tokens data.loss leaves to train.",
  });
}
