/** Every command by name. */

import { bench } from "@/cli/commands/bench";
import { demo } from "@/cli/commands/demo";
import { evaluate } from "@/cli/commands/evaluate";
import { generate } from "@/cli/commands/generate";
import { inspect } from "@/cli/commands/inspect";
import { score } from "@/cli/commands/score";
import { train } from "@/cli/commands/train";
import type { FlagName, Flags } from "@/cli/flags";
import type { Terminal } from "@/cli/terminal";
import type { Session } from "@/session/session";

export interface CommandContext {
  readonly session: Session;
  readonly flags: Flags;
  readonly terminal: Terminal;
}

export interface Command {
  readonly name: string;
  readonly summary: string;
  readonly required: readonly FlagName[];
  readonly optional: readonly FlagName[];
  readonly run: (context: CommandContext) => Promise<void>;
}

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo,
  train,
  eval: evaluate,
  score,
  generate,
  inspect,
  bench,
};
