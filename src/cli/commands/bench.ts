/** burnish bench: what a training step costs here, and where the time goes. */
import type { Command } from "@/cli/command";
import { megabytes, openModel, percent } from "@/cli/commands/shared";
import { recipeFrom } from "@/cli/flags";
import { table } from "@/cli/terminal";

const TOKENS = 512;

export const bench: Command = {
  name: "bench",
  summary: "Time a training step: JavaScript, device, and each kernel's share.",
  required: [],
  optional: ["model", "rank", "max-length", "base-dtype"],
  run: async (context) => {
    const { session, flags, terminal } = context;
    await openModel(context, flags.model ?? "bundled:ember");
    const result = await session.bench(recipeFrom(flags), flags["max-length"] ?? TOKENS);
    terminal.say(`${result.tokens} tokens a step, ${result.dispatches} dispatches`);
    terminal.say(
      `step ${result.stepMs.toFixed(1)} ms, of which JavaScript ${result.jsMs.toFixed(2)} ms (${percent(result.jsMs / result.stepMs)})`,
    );
    terminal.say(
      `${Math.round(result.tokensPerSecond)} tokens/s; activations ${megabytes(result.slotBytes)} in slots, ${megabytes(result.peakBytes)} at least`,
    );
    const rows = result.kernels.map(({ kernel, calls, ms, share }) => [
      kernel,
      String(calls),
      ms.toFixed(1),
      percent(share),
    ]);
    terminal.say(table([["kernel", "calls", "ms", "share"], ...rows]));
    terminal.emit({ type: "bench", ...result });
  },
};
