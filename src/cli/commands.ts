/** Every command by name. */

import type { Command } from "@/cli/command";
import { bench } from "@/cli/commands/bench";
import { demo } from "@/cli/commands/demo";
import { evaluate } from "@/cli/commands/evaluate";
import { exportResult } from "@/cli/commands/export";
import { generate } from "@/cli/commands/generate";
import { inspect } from "@/cli/commands/inspect";
import { pushResult } from "@/cli/commands/push";
import { runs } from "@/cli/commands/runs";
import { score } from "@/cli/commands/score";
import { train } from "@/cli/commands/train";

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo,
  train,
  eval: evaluate,
  score,
  generate,
  inspect,
  export: exportResult,
  push: pushResult,
  bench,
  runs,
};
