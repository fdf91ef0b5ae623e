/** A dataset of prompts: what is sampled from, and what a reward compares the answers with. */
import type { Recipe } from "@/train/recipe";
import type { DataFault } from "@/worker/api";
import type { Dataset, DatasetText, Question } from "./dataset-types";
import { type Codec, IGNORED } from "./encode";
import { encodePromptOnly } from "./encode-pair";
import { textOf } from "./pairs";
import { previewRow } from "./preview";
import { type FormattedRow, type PromptRow, TYPE_NAMES } from "./row";
import { nothingToLearn, orFault, SHOWN_FAULTS, SHOWN_ROWS, splitRows } from "./source";

/** Columns that hold the answer, first found. */
const ANSWER_COLUMNS = ["answer", "solution", "expected", "ground_truth", "target", "completion"];

/** Throws as `buildDataset` does. Prompts of `data.maxLength` tokens or more are left out, since a cut question is another one. */
export function buildQuestions(source: DatasetText, codec: Codec, recipe: Recipe): Dataset {
  const faults: DataFault[] = [];
  const { train, held } = splitRows(source, recipe, "grpo", codec.template !== null, faults);
  const tally = { dropped: 0, longest: 0 };
  const encodeAll = (rows: readonly FormattedRow<PromptRow>[]) =>
    rows.flatMap(({ line, row }): Question[] => {
      const ids = orFault(line, faults, () => encodePromptOnly(row, codec));
      if (!ids) return [];
      tally.longest = Math.max(tally.longest, ids.length);
      if (ids.length >= recipe.data.maxLength) {
        tally.dropped++;
        return [];
      }
      return [{ promptIds: Array.from(ids), prompt: textOf(row.prompt), expected: answerOf(row.columns) }];
    });
  const questions = encodeAll(train);
  const asked = encodeAll(held);
  if (questions.length === 0) throw nothingToLearn(source.name, tally.dropped, faults[0]);
  const shown = questions.slice(0, SHOWN_ROWS).map(({ promptIds }) => {
    return previewRow({ ids: promptIds, labels: promptIds.map(() => IGNORED) }, codec.tokenizer);
  });
  return {
    train: [],
    eval: asked.map((question) => ({ ...question, ids: [], labels: [] })),
    questions,
    rows: [],
    info: {
      name: source.name,
      type: TYPE_NAMES.prompt,
      trainRows: questions.length,
      evalRows: asked.length,
      faultCount: faults.length,
      faults: faults.slice(0, SHOWN_FAULTS),
      droppedRows: tally.dropped,
      truncatedRows: 0,
      trainTokens: questions.reduce((sum, { promptIds }) => sum + promptIds.length, 0),
      trainedTokens: 0,
      maxTokens: tally.longest,
      preview: shown,
      samplePrompts: [...asked, ...questions].slice(0, SHOWN_ROWS).map(({ prompt }) => prompt),
    },
  };
}

function answerOf(columns: PromptRow["columns"]): string {
  const value = ANSWER_COLUMNS.map((name) => columns[name]).find((found) => found !== undefined && found !== null);
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
