/** Per-row loss of a data file: what the trainer would see of each row, with or without the adapter. */
import { countTrained, type Encoded, encodeRow } from "@/data/encode";
import { bucketFor, bucketOf } from "@/data/pack";
import { type DataFile, openReader } from "@/data/reading/open";
import { scanFile } from "@/data/scan";
import { NO_STEP, packStep } from "@/graph/step";
import type { LoadedAdapter } from "@/session/answers";
import type { OpenModel } from "@/session/open-model";
import { PLAIN_HEAD } from "@/train/objective";
import { packItems } from "@/train/packing";
import { createPasses } from "@/train/passes";
import type { Recipe } from "@/train/recipe";

/** `row` counts usable rows from 0. Rows without a trained token score 0 over 0 tokens. */
export interface RowScore {
  readonly row: number;
  readonly nll: number;
  readonly tokens: number;
}

const PASS_TOKENS = 512;

export async function scoreRows(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  files: readonly DataFile[],
  recipe: Recipe,
): Promise<RowScore[]> {
  const { columns, loss, maxLength } = recipe.data;
  const { rows: formatted } = await scanFile(openReader("rows", files, { columns }), {
    ...{ method: "sft" as const, columns, chat: model.template !== null },
    ...{ maxRows: Number.POSITIVE_INFINITY, seed: 0 },
  });
  const encoded = formatted.map(({ row }) => encodeRow(row, model, loss, maxLength));
  return scoreEncoded(model, adapter, encoded);
}

/** Of rows as the trainer gets them, in their order. */
export async function scoreEncoded(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  encoded: readonly Encoded[],
): Promise<RowScore[]> {
  const { runtime } = model;
  const { target } = runtime;
  const longest = Math.max(...encoded.map((row) => bucketFor([row]).tokens));
  const tokens = Math.max(longest, bucketOf(PASS_TOKENS));
  const largest = { tokens, labels: tokens };
  const { layout, buffer } = adapter ?? {};
  const passes = createPasses({ runtime, layout, adapter: buffer, head: PLAIN_HEAD, largest, trained: false });
  const step = runtime.buffers.get("step");
  const scale = layout?.scale ?? 0;
  if (step) target.write(step, packStep({ ...NO_STEP, adapter_scale: scale, loss_scale: 1 }));
  const scores: RowScore[] = [];
  try {
    for (const { batch, first, count } of packItems(
      encoded.map((row) => [row]),
      tokens,
    )) {
      const nll = await (await passes.loss(batch)).nll;
      let at = 0;
      for (let row = first; row < first + count; row++) {
        const length = countTrained(encoded[row] ?? { ids: [], labels: [] });
        scores.push({ row, nll: nll.subarray(at, at + length).reduce((a, b) => a + b, 0), tokens: length });
        at += length;
      }
    }
  } finally {
    passes.release();
  }
  return scores;
}
