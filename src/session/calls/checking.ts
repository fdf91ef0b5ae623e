/** Looking at the data before a run: the gates, one row as the model will see it, and sets to practise on. */
import { countTrained } from "@/data/encode";
import { hiddenFault, PLAIN_FRAME, practiceSet, toLines } from "@/data/practice/practice";
import { previewRow } from "@/data/preview";
import { rawRows } from "@/data/raw-rows";
import { rowSequences } from "@/data/row-sequences";
import { AppError } from "@/errors";
import { readSuite } from "@/eval/suite/read";
import { checkData, checkWithBase } from "@/session/check";
import type { Session } from "@/session/contract";
import type { Core } from "@/session/core";
import { parseRecipe } from "@/train/recipe";

type CheckingCalls = Pick<Session, "check" | "viewRow" | "practice">;

export function checkingCalls(core: Core): CheckingCalls {
  const { state, requireModel, datasetFor } = core;
  return {
    check: async (input, wanted, sampleBase = false, file) => {
      const recipe = parseRecipe(input);
      const method = wanted ?? recipe.method;
      const suite = file ? readSuite(await file.blob.text(), file.name) : null;
      return sampleBase && state.model && method === "sft"
        ? checkWithBase(core, recipe, suite)
        : checkData(core, recipe, { method, suite });
    },

    viewRow: async (place, input) => {
      const recipe = parseRecipe(input);
      const model = requireModel();
      const dataset = await datasetFor(recipe);
      const { scanned } = state;
      const rows = recipe.method === "sft" || !scanned ? dataset.rows : rawRows(scanned.rows, recipe, model.tokenizer);
      const at =
        typeof place === "number"
          ? place
          : rows.findIndex(({ line, held }) => line === place.line && held === place.held);
      const found = rows[at];
      if (!found) throw new AppError("usage", `There is no such row; there are ${rows.length}.`);
      const { line, held, row } = found;
      const { maxLength, loss } = recipe.data;
      const sequences = rowSequences(row, model, loss).map(({ label, encoded }) => ({
        label,
        spans: previewRow(encoded, model.tokenizer, maxLength),
        tokens: encoded.ids.length,
        kept: Math.min(encoded.ids.length, maxLength),
        trained: countTrained({
          ids: Array.from(encoded.ids).slice(0, maxLength),
          labels: Array.from(encoded.labels).slice(0, maxLength),
        }),
      }));
      return { at, line, held, total: rows.length, sequences };
    },

    practice: async (fault, seed) => {
      const { tokenizer } = state.model ?? {};
      const { bos_token: bos = PLAIN_FRAME.bos, eos_token: eos = PLAIN_FRAME.eos } = tokenizer?.specialTokens ?? {};
      const name = fault ?? hiddenFault(seed);
      const set = practiceSet(name, seed, { ...PLAIN_FRAME, bos, eos });
      const { lesson, lines, train, held } = set;
      return { fault: set.fault, lesson, lines, train: toLines(train), held: toLines(held) };
    },
  };
}
