/** A dataset of prompts: what is sampled from, and what a reward compares the answers with. */
import type { Recipe } from "@/train/recipe";
import type { DataFault } from "@/worker/api/data";
import type { BuildOptions, Dataset, Question, ScannedOf } from "./dataset-types";
import { type Codec, IGNORED } from "./encode";
import { encodePromptOnly } from "./encode-pair";
import { textOf } from "./pairs";
import { previewRow } from "./preview";
import { type FormattedRow, type PromptRow, TYPE_NAMES } from "./row";
import { eachRow, nothingToLearn, orFault, SHOWN_ROWS, splitRows, tellScan } from "./source";

/** Columns that hold the answer, first found. */
const ANSWER_COLUMNS = ["answer", "solution", "expected", "ground_truth", "target", "completion"];

/** Throws as `buildDataset` does. Prompts of `data.maxLength` tokens or more are left out, since a cut question is another one. */
export async function buildQuestions(
  scanned: ScannedOf<"grpo">,
  codec: Codec,
  recipe: Recipe,
  options: BuildOptions,
): Promise<Dataset> {
  const faults: DataFault[] = [];
  const { train, held } = splitRows(scanned, recipe, codec.tokenizer);
  const progress = { done: 0, total: train.length + held.length };
  const tally = { dropped: 0, longest: 0 };
  const encodeAll = (rows: readonly FormattedRow<PromptRow>[]) =>
    eachRow(rows, progress, options, ({ line, row }) => {
      const ids = orFault(line, faults, () => encodePromptOnly(row, codec));
      if (!ids) return undefined;
      tally.longest = Math.max(tally.longest, ids.length);
      if (ids.length >= recipe.data.maxLength) {
        tally.dropped++;
        return undefined;
      }
      const question: Question = {
        ...{ line, promptIds: Array.from(ids) },
        ...{ prompt: textOf(row.prompt), expected: answerOf(row.columns) },
      };
      return { question, row };
    });
  const learned = await encodeAll(train);
  const questions = learned.map(({ question }) => question);
  const asked = (await encodeAll(held)).map(({ question, row }) => ({ ...question, row }));
  if (questions.length === 0) throw nothingToLearn(scanned.name, tally.dropped, faults[0]);
  const shown = questions.slice(0, SHOWN_ROWS).map(({ promptIds }) => {
    return previewRow({ ids: promptIds, labels: promptIds.map(() => IGNORED) }, codec.tokenizer);
  });
  return {
    train: [],
    eval: asked.map((question) => ({ ...question, ids: [], labels: [] })),
    questions,
    learned: learned.map(({ question, row }) => ({ line: question.line, row })),
    rows: [],
    info: {
      ...tellScan(scanned, faults),
      type: TYPE_NAMES.prompt,
      trainRows: questions.length,
      evalRows: asked.length,
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

/** What a reward compares answers with; empty where the row has nothing. */
export function answerOf(columns: PromptRow["columns"]): string {
  const value = ANSWER_COLUMNS.map((name) => columns[name]).find((found) => found !== undefined && found !== null);
  if (value === undefined) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}
