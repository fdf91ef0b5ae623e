/** What every dataset is made by: files → a scan → the part to train on and the part held out → each row in turn. */
import { AppError } from "@/errors";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { Recipe } from "@/train/recipe";
import type { DataFault, DatasetInfo } from "@/worker/api/data";
import type { BuildOptions, DatasetFiles, ScannedOf } from "./dataset-types";
import { applyFixes } from "./gates/fixes";
import { prepareRow } from "./gates/prepare";
import { shortCells } from "./look";
import { type DataFile, openReader } from "./reading/open";
import type { FormattedRow, Method, Row, RowOf } from "./row";
import { scanFile } from "./scan";
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

/** Two recipes of one key are read alike. */
export function scanKey({ method, seed, data: { columns, maxRows } }: Recipe): string {
  return JSON.stringify([method, seed, columns, maxRows]);
}

/** Throws "dataset/malformed" (a file cannot be read) and "dataset/empty" (no usable row). */
export async function scanDataset<M extends Method>(
  source: DatasetFiles,
  method: M,
  chat: boolean,
  { data: { columns, maxRows }, seed }: Recipe,
  options: BuildOptions = {},
): Promise<ScannedOf<M>> {
  const scan = async (files: readonly DataFile[]) => {
    const name = files.length === 1 ? (files[0]?.name ?? source.name) : source.name;
    const reader = openReader(name, files, { columns, allColumns: method === "grpo" });
    const scanned = await scanFile(reader, { ...options, method, columns, chat, maxRows, seed });
    if (scanned.total > 0) return scanned;
    const fault = scanned.faults[0];
    const example = fault ? ` Line ${fault.line}: ${fault.message}` : "";
    throw new AppError("dataset/empty", `${name} has no usable row.${example}`, {
      hint: `${WANTED[method]} Or say which columns are which.`,
    });
  };
  const train = await scan(source.train);
  return { method, name: source.name, train, ...(source.eval ? { eval: await scan(source.eval) } : {}) };
}

type Sides<R extends Row> = Record<"train" | "held", readonly FormattedRow<R>[]>;

/** The rows of both sides, as the recipe's `data.fixes` leave them. */
export function splitRows<M extends Method>(
  { train: all, eval: given }: ScannedOf<M>,
  recipe: Recipe,
  tokenizer: Tokenizer | null,
): Sides<RowOf[M]> {
  return fixRows(given ? { train: all.rows, held: given.rows } : holdOut(all, recipe), tokenizer, recipe);
}

function holdOut<R extends Row>(all: { readonly rows: readonly FormattedRow<R>[] }, { data, seed }: Recipe): Sides<R> {
  const train: FormattedRow<R>[] = [];
  const held: FormattedRow<R>[] = [];
  const keys = groupKeys(all.rows);
  all.rows.forEach((row, i) => {
    (isHeldOut(keys[i] ?? "", data.holdout, seed) ? held : train).push(row);
  });
  return { train, held };
}

function fixRows<R extends Row>({ train, held }: Sides<R>, tokenizer: Tokenizer | null, recipe: Recipe): Sides<R> {
  if (recipe.data.fixes.length === 0) return { train, held };
  const prepare = (rows: readonly FormattedRow<R>[], isHeld: boolean) =>
    rows.map(({ line, row }) => prepareRow({ line, row, held: isHeld, tokens: null }));
  const context = { tokenizer, recipe, tests: [], base: null };
  const fixed = applyFixes([...prepare(train, false), ...prepare(held, true)], recipe.data.fixes, context);
  const side = (isHeld: boolean) =>
    // A fix rewrites texts and leaves rows out; the kind of a row stays what it was.
    fixed.flatMap(({ line, row, held: inHeld }) => (inHeld === isHeld ? [{ line, row: row as R }] : []));
  return { train: side(false), held: side(true) };
}

/** Rows between two looks at the world outside. */
const PAUSE_EVERY = 200;

/** `work` for each row; long sets let others have the thread now and then. `total` is that of the whole task. */
export async function eachRow<R, T>(
  rows: readonly R[],
  progress: { done: number; readonly total: number },
  { onProgress, check }: BuildOptions,
  work: (row: R) => T | undefined,
): Promise<T[]> {
  const results: T[] = [];
  for (const row of rows) {
    if (++progress.done % PAUSE_EVERY === 0) {
      onProgress?.(progress.done, progress.total);
      await new Promise((resolve) => setTimeout(resolve));
      check?.();
    }
    const result = work(row);
    if (result !== undefined) results.push(result);
  }
  return results;
}

type Told = "name" | "totalRows" | "faultCount" | "faults" | "findings" | "columns" | "sample";

/** What is said of the files themselves, with the `faults` that encoding found. */
export function tellScan(
  { name, train, eval: held }: ScannedOf<Method>,
  faults: readonly DataFault[],
): Pick<DatasetInfo, Told> {
  const own = (held?.faults ?? []).map(({ line, message }) => ({ line, message: `held-out rows: ${message}` }));
  const sorted = [...train.faults, ...faults].sort((a, b) => a.line - b.line);
  return {
    name,
    totalRows: train.total + (held?.total ?? 0),
    faultCount: train.faultCount + (held?.faultCount ?? 0) + faults.length,
    faults: [...sorted, ...own].slice(0, SHOWN_FAULTS),
    findings: [...train.findings, ...(held?.findings ?? [])],
    columns: train.columns,
    sample: train.sample.map(shortCells),
  };
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
