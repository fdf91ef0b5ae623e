/** Where a run could go, and the files that take it there: before anybody is asked for a token. */
import { AppError } from "@/errors";
import { hardwareList } from "@/offload/hardware";
import { planJob } from "@/offload/plan";
import { requireWhole, START_FILES } from "@/offload/submission";
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

    jobAsk: async (facts, row, start = []) => {
      requireTrainable(facts);
      const { start: begin, trains } = facts.recipe;
      if (begin === "adapter" && trains === "full") {
        throw new AppError("usage", "All weights that were trained here cannot be sent along.", {
          hint: "Let it start new, with a model of the Hub.",
        });
      }
      const ask = askOfRow(facts, row);
      const along = begin === "adapter" ? start.filter(({ name }) => START_FILES.includes(name)) : [];
      const whole = { ...ask, files: [...ask.files, ...along] };
      requireWhole(whole);
      return whole;
    },
  };
}
