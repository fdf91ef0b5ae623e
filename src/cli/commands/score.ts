/** burnish score: per row, the summed nll and the count of the tokens that TRL would train. */
import type { Command } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { adapterFiles, file } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";

export const score: Command = {
  name: "score",
  summary: "Loss of every row: summed negative log-likelihood and count of its labelled tokens.",
  required: ["model", "data"],
  optional: ["adapter", "loss", "max-length", "columns", "base-dtype", "activations"],
  run: async (context) => {
    const { session, flags, terminal } = context;
    const { model = "", data = "" } = flags;
    await openModel(context, model);
    if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
    const rows = await session.score(await file(data), recipeFrom(flags), flags.adapter !== undefined);
    for (const row of rows) {
      terminal.emit(row);
      terminal.say(`row ${row.row}: ${row.nll.toFixed(4)} over ${row.tokens} tokens`);
    }
    const nll = rows.reduce((sum, row) => sum + row.nll, 0);
    const tokens = rows.reduce((sum, row) => sum + row.tokens, 0);
    terminal.say(`mean ${(nll / Math.max(1, tokens)).toFixed(4)} over ${tokens} tokens in ${rows.length} rows`);
  },
};
