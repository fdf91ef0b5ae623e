/** A dataset of preferences: each row becomes two sequences with one prompt, of which only the answers are labelled. */
import type { Recipe } from "@/train/recipe";
import type { DataFault } from "@/worker/api/data";
import type { BuildOptions, Dataset, EvalRow, Pair, ScannedOf } from "./dataset-types";
import { type Codec, countTrained } from "./encode";
import { answerSequence, encodePair } from "./encode-pair";
import { previewRow } from "./preview";
import { type FormattedRow, type PairRow, TYPE_NAMES } from "./row";
import { eachRow, nothingToLearn, orFault, SHOWN_ROWS, splitRows, tellScan } from "./source";

/** Throws as `buildDataset` does. Rows whose answers are equal, or have no room behind their prompt, are faults. */
export async function buildPairs(
  scanned: ScannedOf<"dpo">,
  codec: Codec,
  recipe: Recipe,
  options: BuildOptions,
): Promise<Dataset> {
  const { maxLength } = recipe.data;
  const faults: DataFault[] = [];
  const { train, held } = splitRows(scanned, recipe, codec.tokenizer);
  const progress = { done: 0, total: train.length + held.length };
  const tally = { dropped: 0, truncated: 0, longest: 0 };
  const encodeAll = (rows: readonly FormattedRow<PairRow>[]) =>
    eachRow(rows, progress, options, ({ line, row }) => {
      const ids = orFault(line, faults, () => encodePair(row, codec));
      if (!ids) return undefined;
      if (same(ids.chosen, ids.rejected)) {
        faults.push({ line, message: "Its chosen and rejected answers are equal, so neither is preferred." });
        return undefined;
      }
      const longest = ids.prompt.length + Math.max(ids.chosen.length, ids.rejected.length);
      tally.longest = Math.max(tally.longest, longest);
      if (ids.prompt.length >= maxLength) {
        tally.dropped++;
        return undefined;
      }
      if (longest > maxLength) tally.truncated++;
      const pair: Pair = [
        answerSequence(ids.prompt, ids.chosen, maxLength),
        answerSequence(ids.prompt, ids.rejected, maxLength),
      ];
      return { line, row, pair, promptIds: Array.from(ids.prompt) };
    });
  const trained = await encodeAll(train);
  const evaluated = await encodeAll(held);
  if (trained.length === 0) throw nothingToLearn(scanned.name, tally.dropped, faults[0]);
  const pairs = { train: trained.map(({ pair }) => pair), held: evaluated.map(({ pair }) => pair) };
  const evalRows = evaluated.map(
    ({ line, row, pair, promptIds }): EvalRow => ({
      ...{ line, row, ids: pair[0].ids, labels: pair[0].labels, promptIds },
      prompt: textOf(row.prompt),
      expected: textOf(row.chosen),
    }),
  );
  const sequences = pairs.train.flat();
  return {
    train: [],
    eval: evalRows,
    pairs,
    learned: trained.map(({ line, row }) => ({ line, row })),
    rows: [],
    info: {
      ...tellScan(scanned, faults),
      type: TYPE_NAMES.pair,
      trainRows: pairs.train.length,
      evalRows: pairs.held.length,
      droppedRows: tally.dropped,
      truncatedRows: tally.truncated,
      trainTokens: sequences.reduce((sum, { ids }) => sum + ids.length, 0),
      trainedTokens: sequences.reduce((sum, row) => sum + countTrained(row), 0),
      maxTokens: tally.longest,
      preview: sequences.slice(0, SHOWN_ROWS + 1).map((row) => previewRow(row, codec.tokenizer)),
      samplePrompts: evalRows.slice(0, SHOWN_ROWS).map(({ prompt }) => prompt),
    },
  };
}

const same = (a: Uint32Array, b: Uint32Array) => a.length === b.length && a.every((id, i) => id === b[i]);

/** What people read of a text or of its last message. */
export function textOf(content: PairRow["prompt"] | PairRow["chosen"]): string {
  if (typeof content === "string") return content;
  const last = content.at(-1)?.content;
  return typeof last === "string" ? last : JSON.stringify(last ?? "");
}
