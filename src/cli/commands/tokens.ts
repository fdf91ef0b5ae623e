/** burnish tokens: every row of a file in token ids and labels, as a trainer of TRL would get it. */
import type { Command } from "@/cli/command";
import { file, modelSource } from "@/cli/files";
import { recipeFrom, rowsMethod } from "@/cli/recipe-flags";

export const tokens: Command = {
  name: "tokens",
  summary: "Every row as token ids and labels, prepared for sft, dpo, kto or grpo. Needs no weights.",
  required: ["model", "data"],
  optional: ["method", "loss", "max-length", "columns"],
  run: async ({ session, flags, terminal }) => {
    const { model = "", data = "" } = flags;
    const method = rowsMethod(flags) ?? "sft";
    const rows = await session.tokens(await modelSource(model), await file(data), method, recipeFrom(flags));
    for (const row of rows) {
      terminal.emit(row);
      terminal.say(JSON.stringify(row));
    }
  },
};
