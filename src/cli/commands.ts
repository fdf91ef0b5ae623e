/** Every command by name. */

import type { Command } from "@/cli/command";
import { bench } from "@/cli/commands/bench";
import { check } from "@/cli/commands/check";
import { compare } from "@/cli/commands/compare";
import { demo } from "@/cli/commands/demo";
import { evaluate } from "@/cli/commands/evaluate";
import { exportResult } from "@/cli/commands/export";
import { generate } from "@/cli/commands/generate";
import { inspect } from "@/cli/commands/inspect";
import { jobs } from "@/cli/commands/jobs";
import { practice } from "@/cli/commands/practice";
import { pushResult } from "@/cli/commands/push";
import { resume } from "@/cli/commands/resume";
import { runs } from "@/cli/commands/runs";
import { score } from "@/cli/commands/score";
import { skill } from "@/cli/commands/skill";
import { sweep } from "@/cli/commands/sweep";
import { tokens } from "@/cli/commands/tokens";
import { train } from "@/cli/commands/train";

export const COMMANDS: Readonly<Record<string, Command>> = {
  demo,
  train,
  check,
  eval: evaluate,
  compare,
  skill,
  score,
  tokens,
  generate,
  inspect,
  export: exportResult,
  push: pushResult,
  bench,
  runs,
  practice,
  jobs,
  resume,
  sweep,
};
