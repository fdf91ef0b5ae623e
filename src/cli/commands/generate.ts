/** burnish generate: one prompt, one answer. */
import type { Command } from "@/cli/command";
import { openModel } from "@/cli/commands/shared";
import { adapterFiles } from "@/cli/files";

export const generate: Command = {
  name: "generate",
  summary: "Continue a prompt; --chat writes it as a user's turn of the model's chat template.",
  required: ["model", "prompt"],
  optional: ["adapter", "max-tokens", "temperature", "seed", "chat", "base-dtype"],
  run: async (context) => {
    const { session, flags, terminal } = context;
    await openModel(context, flags.model ?? "");
    if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
    const options = {
      maxTokens: flags["max-tokens"] ?? 64,
      temperature: flags.temperature ?? 0,
      seed: flags.seed ?? 42,
      adapter: flags.adapter !== undefined,
      chat: flags.chat === true,
    };
    const text = await session.generate(flags.prompt ?? "", options, () => {});
    terminal.say(text);
    terminal.emit({ type: "text", text });
  },
};
