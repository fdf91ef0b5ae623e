/**
 * Files + a codec + the recipe → what a run trains on and is judged by, and what people are told of it.
 * scan (read, judge, hold) → split → encode; faults of all stages are gathered with their lines, and nothing is left out
 * silently. What is held: the rows of the sample, their ids and labels; never the text of the file.
 */
import type { Recipe } from "@/train/recipe";
import type { DataFault, DatasetInfo } from "@/worker/api/data";
import type { BuildOptions, Dataset, DatasetFiles, EvalRow, Scanned, ScannedOf, TrainRow } from "./dataset-types";
import { type Codec, countTrained, encodePrompt, encodeRow, questionOf, requireLoss } from "./encode";
import { type RawRow, tokenFacts } from "./gates/prepare";
import { buildPairs } from "./pairs";
import { previewRow } from "./preview";
import { buildQuestions } from "./questions";
import { type FormattedRow, type SupervisedRow, TYPE_NAMES } from "./row";
import { eachRow, nothingToLearn, orFault, SHOWN_ROWS, scanDataset, splitRows, tellScan } from "./source";

/** Both steps at once. */
export async function buildDataset(
  source: DatasetFiles,
  codec: Codec,
  recipe: Recipe,
  options: BuildOptions = {},
): Promise<Dataset> {
  const scanned = await scanDataset(source, recipe.method, codec.template !== null, recipe, options);
  return encodeDataset(scanned as Scanned, codec, recipe, options);
}

/**
 * Throws "dataset/nothing-to-learn" (no trained token is left), "recipe/invalid" and "model/missing-file" (the data cannot
 * be trained so).
 */
export async function encodeDataset(
  scanned: Scanned,
  codec: Codec,
  recipe: Recipe,
  options: BuildOptions = {},
): Promise<Dataset> {
  if (scanned.method === "dpo") return buildPairs(scanned, codec, recipe, options);
  if (scanned.method === "grpo") return buildQuestions(scanned, codec, recipe, options);
  return buildSupervised(scanned as ScannedOf<"sft">, codec, recipe, options);
}

async function buildSupervised(
  scanned: ScannedOf<"sft">,
  codec: Codec,
  recipe: Recipe,
  options: BuildOptions,
): Promise<Dataset> {
  const { data } = recipe;
  const { train, held } = splitRows(scanned, recipe, codec.tokenizer);
  const first = train[0] ?? held[0];
  if (first) requireLoss(first.row.kind, data.loss);
  const faults: DataFault[] = [];
  const tally = { dropped: 0, truncated: 0, longest: 0 };
  const progress = { done: 0, total: train.length + held.length };
  const raw: RawRow[] = [];
  const encodeAll = (rows: readonly FormattedRow<SupervisedRow>[], isHeld: boolean) =>
    eachRow(rows, progress, options, ({ line, row }): TrainRow | undefined => {
      const encoded = orFault(line, faults, () => encodeRow(row, codec, data.loss, data.maxLength));
      raw.push({ line, row, held: isHeld, tokens: encoded ? tokenFacts(encoded, codec.tokenizer) : null });
      if (!encoded) return undefined;
      const { ids, labels, fullLength } = encoded;
      tally.longest = Math.max(tally.longest, fullLength);
      if (fullLength > ids.length) tally.truncated++;
      if (countTrained(encoded) > 0) return { ids, labels, line, row };
      tally.dropped++;
      return undefined;
    });
  const trained = await encodeAll(train, false);
  const evaluated = (await encodeAll(held, true)).flatMap((row): EvalRow[] => {
    const question = orFault(row.line, faults, () => encodePrompt(row.row, codec));
    if (question === undefined) return [];
    const { ids: promptIds, prompt, expected } = question ?? { ids: [], prompt: "", expected: "" };
    return [{ ...row, promptIds, prompt, expected }];
  });
  if (trained.length === 0) throw nothingToLearn(scanned.name, tally.dropped, faults[0] ?? scanned.train.faults[0]);

  const info: DatasetInfo = {
    ...tellScan(scanned, faults),
    type: first ? TYPE_NAMES[first.row.kind] : "",
    trainRows: trained.length,
    evalRows: evaluated.length,
    droppedRows: tally.dropped,
    truncatedRows: tally.truncated,
    trainTokens: trained.reduce((sum, { ids }) => sum + ids.length, 0),
    trainedTokens: trained.reduce((sum, row) => sum + countTrained(row), 0),
    maxTokens: tally.longest,
    preview: trained.slice(0, SHOWN_ROWS).map((row) => previewRow(row, codec.tokenizer)),
    samplePrompts: samplePrompts(evaluated, trained),
  };
  return { train: trained, eval: evaluated, learned: trained, rows: raw, info };
}

/** Of held-out rows first, since a sample of those shows learning rather than memory. */
function samplePrompts(evaluated: readonly EvalRow[], trained: readonly TrainRow[]): string[] {
  const held = evaluated.slice(0, SHOWN_ROWS).map(({ prompt }) => prompt);
  const own = trained.slice(0, SHOWN_ROWS).map(({ row }) => questionOf(row)?.prompt ?? "");
  return [...new Set([...held, ...own])].filter((prompt) => prompt !== "").slice(0, SHOWN_ROWS);
}
