/** Where a run could go, and the files that take it there: before anybody is asked for a token. */
import { AppError } from "@/errors";
import { hardwareList } from "@/offload/hardware";
import { planJob } from "@/offload/plan";
import type { Core } from "@/session/core";
import { jobFacts, requireTrainable } from "@/session/job";
import { askOfRow } from "@/session/job-files";
import { parseRecipe } from "@/train/recipe";
import type { JobsApi } from "@/worker/api/jobs";

export function planCalls({ platform }: Core): Pick<JobsApi, "planJob" | "jobAsk"> {
  return {
    planJob: async (source, data, input) => {
      const facts = await jobFacts(platform, source, data, parseRecipe(input));
      const { why, ...hardware } = await hardwareList(platform.hub.endpoint);
      const plan = planJob(facts.recipe, facts.model, facts.data, hardware, { here: facts.here });
      return { facts, plan, ...(why === undefined ? {} : { why }) };
    },

    jobAsk: async (facts, row) => {
      requireTrainable(facts);
      if (facts.recipe.start === "adapter") {
        throw new AppError("usage", "The recipe goes on from an adapter that is trained here.", {
          hint: "Let it start new; `burnish jobs submit --adapter DIR` takes one along.",
        });
      }
      return askOfRow(facts, row);
    },
  };
}
