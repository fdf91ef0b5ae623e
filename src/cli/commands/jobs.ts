/** burnish jobs: a run on rented or other hardware. Each group of verbs lies in a file of its own. */
import type { Command } from "@/cli/command";
import { PLAN_FLAGS, planVerb, scriptVerb } from "@/cli/commands/jobs-plan";
import { RUN_FLAGS, RUN_VERBS } from "@/cli/commands/jobs-run";
import { AppError } from "@/errors";

const VERBS: typeof RUN_VERBS = { plan: planVerb, script: scriptVerb, ...RUN_VERBS };

export const jobs: Command = {
  name: "jobs",
  summary:
    "The same run on a GPU elsewhere: what it would take, the script for any CUDA machine; submit it (nothing is spent without --yes or a typed yes), follow, cancel, list, and bring it back as a run.",
  required: [],
  optional: [...new Set([...PLAN_FLAGS, ...RUN_FLAGS])],
  operands: [Object.keys(VERBS).join("|"), "[JOB|DIR]", "[ID]"],
  run: async (context) => {
    const [verb = "", ...rest] = context.operands;
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (act) return act(context, rest);
    throw new AppError("usage", `jobs has no "${verb}".`, { hint: `It has ${Object.keys(VERBS).join(", ")}.` });
  },
};
