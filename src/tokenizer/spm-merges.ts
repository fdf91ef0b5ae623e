/**
 * SentencePiece's BPE joins, of all neighbours whose union is a token, those of the highest score. A list of merges says the
 * same: every way to cut a token into two tokens, ordered by the score of the whole.
 */
import { AppError } from "@/errors";

const NORMAL = 1;
/** Real vocabularies stay far below; it keeps the work on a hostile one linear. */
const LONGEST = 512;

/** Higher `priorities` come first; tokens of other types than normal take no part. */
export function spmMerges(
  tokens: readonly string[],
  priorities: readonly number[],
  types: readonly number[] | undefined,
): [string, string][] {
  const ids = new Map<string, number>();
  tokens.forEach((token, id) => {
    if (types === undefined || types[id] === NORMAL) ids.set(token, id);
  });
  const found: { pair: [string, string]; priority: number; lengths: number }[] = [];
  for (const [token, id] of ids) {
    if (token.length > LONGEST) {
      throw new AppError("tokenizer/malformed", `A token of the GGUF file has ${token.length} characters.`, {
        hint: "Get the GGUF file again, or use the model's Hugging Face folder instead.",
      });
    }
    for (let border = 1; border < token.length; border++) {
      const pair: [string, string] = [token.slice(0, border), token.slice(border)];
      if (!ids.has(pair[0]) || !ids.has(pair[1])) continue;
      found.push({ pair, priority: priorities[id] ?? 0, lengths: border });
    }
  }
  found.sort((a, b) => b.priority - a.priority || a.lengths - b.lengths);
  return found.map(({ pair }) => pair);
}
