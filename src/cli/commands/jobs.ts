/** burnish jobs: a run on rented or other hardware. Each group of verbs lies in a file of its own. */
import type { Command } from "@/cli/command";
import { fetchVerb } from "@/cli/commands/jobs/fetch";
import { logsVerb } from "@/cli/commands/jobs/logs";
import { cancelVerb, listVerb, schedulesVerb, statusVerb } from "@/cli/commands/jobs/look";
import { PLAN_FLAGS, planVerb, scriptVerb } from "@/cli/commands/jobs/plan";
import { submitVerb } from "@/cli/commands/jobs/submit";
import type { Verb } from "@/cli/commands/jobs/verb";
import type { FlagName } from "@/cli/flags";
import { AppError } from "@/errors";

const VERBS: Readonly<Record<string, Verb>> = {
  ...{ plan: planVerb, script: scriptVerb, submit: submitVerb, logs: logsVerb, status: statusVerb },
  ...{ cancel: cancelVerb, list: listVerb, fetch: fetchVerb, schedules: schedulesVerb },
};
const SUBMIT_FLAGS: readonly FlagName[] = [
  ...(["from", "continue", "model", "flavor", "timeout", "namespace", "name", "yes", "at-most"] as const),
  ...(["schedule-at", "out"] as const),
];

export const jobs: Command = {
  name: "jobs",
  summary:
    "The same run on a GPU elsewhere: what it would take, the script for any CUDA machine; submit it (nothing is spent without --yes or a typed yes), follow, cancel, list, and bring it back as a run.",
  required: [],
  optional: [...new Set([...PLAN_FLAGS, ...SUBMIT_FLAGS])],
  operands: [Object.keys(VERBS).join("|"), "[JOB|DIR]", "[ID]"],
  run: async (context) => {
    const [verb = "", ...rest] = context.operands;
    const act = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
    if (act) return act(context, rest);
    throw new AppError("usage", `jobs has no "${verb}".`, { hint: `It has ${Object.keys(VERBS).join(", ")}.` });
  },
};
