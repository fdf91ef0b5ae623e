/** burnish jobs: a run on rented or other hardware. Each group of verbs lies in a file of its own. */
import type { Command } from "@/cli/command";
import { RUN_FLAGS, RUN_VERBS } from "@/cli/commands/jobs-run";
import { AppError } from "@/errors";

export const jobs: Command = {
  name: "jobs",
  summary:
    "The same run on a rented GPU: submit it (nothing is spent without --yes or a typed yes), follow, cancel, list, and bring it back as a run.",
  required: [],
  optional: RUN_FLAGS,
  operands: [Object.keys(RUN_VERBS).join("|"), "[JOB|DIR]", "[ID]"],
  run: async (context) => {
    const [verb = "", ...rest] = context.operands;
    const act = RUN_VERBS[verb];
    if (act) return act(context, rest);
    throw new AppError("usage", `jobs has no "${verb}".`, { hint: `It has ${Object.keys(RUN_VERBS).join(", ")}.` });
  },
};
