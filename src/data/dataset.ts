/**
 * Texts of data files + a codec + the recipe → what a run trains on and is judged by, and what people are told of it.
 * read → formats → split → encode; faults of all stages are gathered with their lines, and nothing is left out silently.
 */
import type { Recipe } from "@/train/recipe";
import type { DataFault, DatasetInfo } from "@/worker/api";
import type { Dataset, DatasetText, EvalRow } from "./dataset-types";
import { type Codec, countTrained, encodePrompt, encodeRow, questionOf, requireLoss } from "./encode";
import { applyFixes } from "./gates/fixes";
import { prepareRow, type RawRow, tokenFacts } from "./gates/prepare";
import { buildPairs } from "./pairs";
import { previewRow } from "./preview";
import { buildQuestions } from "./questions";
import { type FormattedRow, isSupervised, type SupervisedRow, TYPE_NAMES } from "./row";
import { nothingToLearn, orFault, SHOWN_FAULTS, SHOWN_ROWS, splitRows } from "./source";

/**
 * Throws "dataset/malformed" (a file cannot be read), "dataset/empty" (no usable row), "dataset/nothing-to-learn"
 * (no trained token is left), "recipe/invalid" and "model/missing-file" (the data cannot be trained so).
 */
export function buildDataset(source: DatasetText, codec: Codec, recipe: Recipe): Dataset {
  if (recipe.method === "dpo") return buildPairs(source, codec, recipe);
  if (recipe.method === "grpo") return buildQuestions(source, codec, recipe);
  const { data } = recipe;
  const faults: DataFault[] = [];
  const { train, held } = fixRows(splitRows(source, recipe, "sft", codec.template !== null, faults), codec, recipe);
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

/** Of held-out rows first, since a sample of those shows learning rather than memory. */
function samplePrompts(evaluated: readonly EvalRow[], trained: readonly FormattedRow<SupervisedRow>[]): string[] {
  const held = evaluated.slice(0, SHOWN_ROWS).map(({ prompt }) => prompt);
  const own = trained.slice(0, SHOWN_ROWS).map(({ row }) => questionOf(row)?.prompt ?? "");
  return [...new Set([...held, ...own])].filter((prompt) => prompt !== "").slice(0, SHOWN_ROWS);
}
