/** Jobs on rented GPUs: looked at before they cost anything, submitted, followed, and brought home as kept runs. */
import { jobDesk } from "@/session/calls/jobs/desk";
import { fetchCalls } from "@/session/calls/jobs/fetch";
import { followCalls } from "@/session/calls/jobs/follow";
import { lookCalls } from "@/session/calls/jobs/look";
import { planCalls } from "@/session/calls/jobs/plan";
import { submitCalls } from "@/session/calls/jobs/submit";
import type { Core } from "@/session/core";
import type { JobsApi } from "@/worker/api/jobs";

export function jobCalls(core: Core): JobsApi {
  const { platform } = core;
  const desk = jobDesk(platform);
  return {
    ...planCalls(core),
    ...submitCalls(core, desk),
    ...lookCalls(desk),
    ...followCalls(platform, desk),
    ...fetchCalls(platform, desk),
  };
}
