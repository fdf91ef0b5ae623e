/** burnish skill: is a SKILL.md right, does it help, or write one. */
import type { Command, CommandContext } from "@/cli/command";
import { checkAction } from "@/cli/commands/skill/check";
import { evalAction } from "@/cli/commands/skill/eval";
import { generateAction } from "@/cli/commands/skill/generate";
import { AppError } from "@/errors";

type Action = (context: CommandContext, path: string | undefined) => Promise<number | undefined> | Promise<void>;

const ACTIONS: Readonly<Record<string, Action>> = { check: checkAction, eval: evalAction, generate: generateAction };

export const skill: Command = {
  name: "skill",
  summary:
    "check: faults, hidden text, tokens; exit code 1 on an error that is not accepted. eval: does it help on a suite, and which part of it. generate: a teacher writes one, and cases.",
  operands: ["check", "[PATH]"],
  required: [],
  optional: [
    ...([
      "model",
      "adapter",
      "endpoint",
      "endpoint-model",
      "onnx",
      "price",
      "timeout",
      "suite",
      "references",
      "scripts",
      "place",
      "previous",
    ] as const),
    ...(["ablate", "paragraphs", "max-calls", "runs", "k", "seed", "temperature", "max-tokens"] as const),
    ...(["task", "examples", "trace", "cases", "rounds"] as const),
    ...(["accept", "out", "report", "base-dtype"] as const),
  ],
  run: async (context) => {
    const [name = "", path] = context.operands;
    const action = ACTIONS[name];
    if (!action) {
      throw new AppError("usage", `burnish skill has no "${name}".`, {
        hint: `It has ${Object.keys(ACTIONS).join(", ")}.`,
      });
    }
    return (await action(context, path)) ?? 0;
  },
};
