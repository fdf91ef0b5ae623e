/** Rows of any of TRL's types for the gates, without a model: read, brought into shape for a method, split, not encoded. */
import type { Method } from "@/data/row";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { Recipe } from "@/train/recipe";
import type { ScannedOf } from "./dataset-types";
import type { RawRow } from "./gates/prepare";
import { splitRows } from "./source";

export function rawRows(scanned: ScannedOf<Method>, recipe: Recipe, tokenizer: Tokenizer | null): RawRow[] {
  const { train, held } = splitRows(scanned, recipe, tokenizer);
  return [
    ...train.map((row): RawRow => ({ ...row, held: false, tokens: null })),
    ...held.map((row): RawRow => ({ ...row, held: true, tokens: null })),
  ];
}
