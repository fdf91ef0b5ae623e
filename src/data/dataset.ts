/**
 * Texts of data files + a codec + the recipe → what a run trains on and is judged by, and what people are told of it.
 * read → formats → split → encode; faults of all stages are gathered with their lines, and nothing is left out silently.
 */
import { AppError } from "@/errors";
import type { Recipe } from "@/train/recipe";
import type { DataFault, DatasetInfo } from "@/worker/api";
import { type Codec, countTrained, type Encoded, encodePrompt, encodeRow, questionOf, requireLoss } from "./encode";
import { type FormatOptions, formatRows } from "./formats";
import { applyFixes } from "./gates/fixes";
import { prepareRow, type RawRow, tokenFacts } from "./gates/prepare";
import { previewRow } from "./preview";
import { readRecords } from "./read";
import { type FormattedRow, isSupervised, type SupervisedRow, TYPE_NAMES } from "./row";
import { isHeldOut } from "./split";
import { groupKeys } from "./split-groups";

export interface TextFile {
  readonly name: string;
  readonly text: string;
}

export interface DatasetText {
  /** For people. */
  readonly name: string;
  readonly train: TextFile;
  /** Without it, `recipe.data.holdout` of the rows are split off. */
  readonly eval?: TextFile;
}

/** A held-out row. Plain text has no question: its promptIds are empty, its expected text too. */
export interface EvalRow extends Encoded {
  /** What an answer continues, the template's frame included. */
  readonly promptIds: readonly number[];
  /** For people: the prompt, or the last message before the answer. */
  readonly prompt: string;
  readonly expected: string;
}

export interface Dataset {
  readonly train: readonly Encoded[];
  readonly eval: readonly EvalRow[];
  /** Every row that could be read, for the gates: those too that teach nothing or that the template refuses. */
  readonly rows: readonly RawRow[];
  readonly info: DatasetInfo;
}

const SHOWN_FAULTS = 50;
const SHOWN_ROWS = 5;

/**
 * Throws "dataset/malformed" (a file cannot be read), "dataset/empty" (no usable row), "dataset/nothing-to-learn"
 * (no trained token is left), "recipe/invalid" and "model/missing-file" (the data cannot be trained so).
 */
export function buildDataset(source: DatasetText, codec: Codec, recipe: Recipe): Dataset {
  const { data } = recipe;
  const faults: DataFault[] = [];
  const { train, held } = fixRows(splitRows(source, recipe, codec.template !== null, faults), codec, recipe);
  const first = train[0] ?? held[0];
  if (first) requireLoss(first.row.kind, data.loss);

  const tally = { dropped: 0, truncated: 0, longest: 0 };
  const raw: RawRow[] = [];
  const encodeAll = (rows: readonly FormattedRow<SupervisedRow>[], isHeld: boolean) =>
    rows.flatMap((row) => {
      const encoded = orFault(row.line, faults, () => encodeRow(row.row, codec, data.loss, data.maxLength));
      raw.push({ ...row, held: isHeld, tokens: encoded ? tokenFacts(encoded, codec.tokenizer) : null });
      if (!encoded) return [];
      tally.longest = Math.max(tally.longest, encoded.fullLength);
      if (encoded.fullLength > encoded.ids.length) tally.truncated++;
      if (countTrained(encoded) > 0) return [{ ...row, encoded }];
      tally.dropped++;
      return [];
    });
  const trained = encodeAll(train, false);
  const evaluated = encodeAll(held, true).flatMap(({ line, row, encoded }): EvalRow[] => {
    const question = orFault(line, faults, () => encodePrompt(row, codec));
    if (question === undefined) return [];
    const { ids: promptIds, prompt, expected } = question ?? { ids: [], prompt: "", expected: "" };
    return [{ ...encoded, promptIds, prompt, expected }];
  });
  if (trained.length === 0) throw nothingToLearn(source.name, tally.dropped, faults[0]);

  const info: DatasetInfo = {
    name: source.name,
    type: first ? TYPE_NAMES[first.row.kind] : "",
    trainRows: trained.length,
    evalRows: evaluated.length,
    faultCount: faults.length,
    faults: faults.slice(0, SHOWN_FAULTS),
    droppedRows: tally.dropped,
    truncatedRows: tally.truncated,
    trainTokens: trained.reduce((sum, { encoded }) => sum + encoded.ids.length, 0),
    trainedTokens: trained.reduce((sum, { encoded }) => sum + countTrained(encoded), 0),
    maxTokens: tally.longest,
    preview: trained.slice(0, SHOWN_ROWS).map(({ encoded }) => previewRow(encoded, codec.tokenizer)),
    samplePrompts: samplePrompts(evaluated, trained),
  };
  return { train: trained.map(({ encoded }) => encoded), eval: evaluated, rows: raw, info };
}

function splitRows(
  source: DatasetText,
  recipe: Recipe,
  chat: boolean,
  faults: DataFault[],
): { train: FormattedRow<SupervisedRow>[]; held: FormattedRow<SupervisedRow>[] } {
  const options = { columns: recipe.data.columns, chat };
  const rows = readRows(source.train, "", options, faults);
  if (source.eval) return { train: rows, held: readRows(source.eval, `${source.eval.name}: `, options, faults) };
  const train: FormattedRow<SupervisedRow>[] = [];
  const held: FormattedRow<SupervisedRow>[] = [];
  const keys = groupKeys(rows);
  rows.forEach((row, i) => {
    (isHeldOut(keys[i] ?? "", recipe.data.holdout, recipe.seed) ? held : train).push(row);
  });
  return { train, held };
}

interface Sides {
  readonly train: readonly FormattedRow<SupervisedRow>[];
  readonly held: readonly FormattedRow<SupervisedRow>[];
}

/** As the recipe's `data.fixes` say. */
function fixRows({ train, held }: Sides, codec: Codec, recipe: Recipe): Sides {
  if (recipe.data.fixes.length === 0) return { train, held };
  const prepare = (rows: Sides["train"], isHeld: boolean) =>
    rows.map(({ line, row }) => prepareRow({ line, row, held: isHeld, tokens: null }));
  const context = { tokenizer: codec.tokenizer, recipe, tests: [], base: null };
  const fixed = applyFixes([...prepare(train, false), ...prepare(held, true)], recipe.data.fixes, context);
  const side = (isHeld: boolean) =>
    fixed.flatMap(({ line, row, held: inHeld }) => (inHeld === isHeld && isSupervised(row) ? [{ line, row }] : []));
  return { train: side(false), held: side(true) };
}

function readRows(
  file: TextFile,
  label: string,
  options: FormatOptions,
  faults: DataFault[],
): FormattedRow<SupervisedRow>[] {
  const read = readRecords(file.text, file.name);
  const formatted = formatRows(read.records, options);
  const found = [...read.faults, ...formatted.faults].sort((a, b) => a.line - b.line);
  faults.push(...found.map(({ line, message }) => ({ line, message: label + message })));
  if (formatted.rows.length > 0) return formatted.rows;
  const example = found[0] ? ` Line ${found[0].line}: ${found[0].message}` : "";
  throw new AppError("dataset/empty", `${file.name} has no usable row.${example}`, {
    hint: "Give each row prompt and completion, or messages, or text.",
  });
}

/** A template that refuses one conversation spoils that row only. */
function orFault<T>(line: number, faults: DataFault[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== "dataset/malformed") throw error;
    faults.push({ line, message: error.message });
    return undefined;
  }
}

/** Of held-out rows first, since a sample of those shows learning rather than memory. */
function samplePrompts(evaluated: readonly EvalRow[], trained: readonly FormattedRow<SupervisedRow>[]): string[] {
  const held = evaluated.slice(0, SHOWN_ROWS).map(({ prompt }) => prompt);
  const own = trained.slice(0, SHOWN_ROWS).map(({ row }) => questionOf(row)?.prompt ?? "");
  return [...new Set([...held, ...own])].filter((prompt) => prompt !== "").slice(0, SHOWN_ROWS);
}

function nothingToLearn(name: string, dropped: number, fault: DataFault | undefined): AppError {
  const why =
    dropped > 0 ? `${dropped} rows have no trained token within the length limit` : "no row is left to train on";
  const example = fault ? ` Line ${fault.line}: ${fault.message}` : "";
  return new AppError("dataset/nothing-to-learn", `${name} teaches nothing: ${why}.${example}`, {
    hint: "Raise data.maxLength, lower data.holdout, or look at which tokens data.loss leaves to train.",
  });
}
