/** Rows as a trainer would get them, in token ids: for judges, and for whoever wants to see every one of them. */
import { encodeRow } from "@/data/encode";
import { encodePair, encodePromptOnly, encodeUnpaired } from "@/data/encode-pair";
import { type DataFile, openReader } from "@/data/reading/open";
import type { Method, Row } from "@/data/row";
import { scanFile } from "@/data/scan";
import { AppError } from "@/errors";
import { modelFiles } from "@/session/model-files";
import type { Platform } from "@/session/platform";
import { sketchModel } from "@/session/read-model";
import type { Recipe } from "@/train/recipe";
import type { ModelSource } from "@/worker/api/sources";

/** `line` of the file; ids and labels for supervised rows, else the parts of a pair, of a labelled answer, or the prompt. */
export type RowTokens = { readonly line: number } & Readonly<Record<string, unknown>>;

/** Needs config.json and the tokenizer; no weights. A row that the template refuses has `error` and nothing else. */
export async function tokensOf(
  platform: Platform,
  source: ModelSource,
  files: readonly DataFile[],
  method: Method,
  { data }: Recipe,
): Promise<RowTokens[]> {
  const { target } = await platform.openTarget();
  const sketch = await sketchModel(await modelFiles(platform, source, { sketch: true }), "auto", target.limits);
  const { tokenizer, template } = sketch;
  if (!tokenizer) throw new AppError("model/missing-file", "The model folder has no tokenizer.json.");
  const { columns, loss, maxLength } = data;
  const { rows, faults } = await scanFile(openReader("rows", files, { columns, allColumns: true }), {
    ...{ method, columns, chat: template !== null },
    ...{ maxRows: Number.POSITIVE_INFINITY, seed: 0 },
  });
  const encode = (row: Row): object => {
    if (row.kind === "pair" || row.kind === "chat-pair") return plain(encodePair(row, { tokenizer, template }));
    if (row.kind === "unpaired" || row.kind === "chat-unpaired")
      return plain(encodeUnpaired(row, { tokenizer, template }));
    if (row.kind === "prompt" || row.kind === "chat-prompt") {
      return plain({ prompt: encodePromptOnly(row, { tokenizer, template }) });
    }
    const { ids, labels } = encodeRow(row, { tokenizer, template }, loss, maxLength);
    return plain({ ids, labels });
  };
  const found = rows.map(({ line, row }): RowTokens => {
    try {
      return { line, ...encode(row) };
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      return { line, error: error.message };
    }
  });
  return [...found, ...faults.map(({ line, message }) => ({ line, error: message }))].sort((a, b) => a.line - b.line);
}

/** Typed arrays as lists, for JSON. */
function plain(record: object): object {
  const entries = Object.entries(record);
  return Object.fromEntries(
    entries.map(([name, value]) => [name, typeof value === "object" ? Array.from(value as ArrayLike<number>) : value]),
  );
}
