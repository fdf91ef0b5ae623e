/** burnish inspect: what a model is, and the memory that training it would take. */
import type { Command } from "@/cli/command";
import { megabytes } from "@/cli/commands/shared";
import { modelSource } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";
import { table } from "@/cli/terminal";

const PLAN_TOKENS = 512;

export const inspect: Command = {
  name: "inspect",
  summary: "Architecture, parameters, formats, tokenizer, template and memory of a model; a config.json alone will do.",
  required: ["model"],
  optional: ["base-dtype", "rank", "alpha", "max-length"],
  run: async ({ session, flags, terminal }) => {
    const source = await modelSource(flags.model ?? "");
    const tokens = flags["max-length"] ?? PLAN_TOKENS;
    const found = await session.inspect(source, flags["base-dtype"] ?? "auto", recipeFrom(flags), tokens);
    const { model, tokenizer, memory, planTokens, tensorsFound } = found;
    terminal.say(
      table([
        ["architecture", model.architecture],
        ["parameters", model.parameters.toLocaleString("en")],
        [
          "shape",
          `${model.layers} layers × ${model.hidden}, ${model.heads} heads on ${model.kvHeads} of ${model.headDim}`,
        ],
        ["context", `${model.contextLength} tokens`],
        ["head", model.tied ? "shares the embedding" : "its own"],
        ["weights", `${megabytes(model.weightBytes)} as ${model.weightFormat}, ${tensorsFound} tensors found`],
        [
          "tokenizer",
          tokenizer ? `${tokenizer.tokens} tokens, ends with ${tokenizer.eosIds.join(" or ")}` : "none here",
        ],
        ["chat template", model.chatTemplate ? "yes" : "no"],
      ]),
    );
    terminal.say(`\nMemory to train ${planTokens} tokens at once:`);
    terminal.say(table(memory.lines.map(({ name, bytes }) => [name, megabytes(bytes)])));
    terminal.say(
      `${megabytes(memory.total)} of the ${megabytes(memory.budget)} that this device gives. ${memory.advice}`,
    );
    terminal.emit({ type: "inspect", ...found });
  },
};
