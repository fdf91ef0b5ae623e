/** Jobs of the mock session: none are there, and none can be made. */
import { AppError } from "@/errors";
import type { JobsApi } from "@/worker/api/jobs";

const none = async () => {
  throw new AppError("usage", "The mock session runs no jobs.", { hint: "Open the page without ?mock." });
};

export const mockJobs: JobsApi = {
  ...{
    previewJob: none,
    submitJob: none,
    scheduleJob: none,
    jobStatus: none,
    followJob: none,
    cancelJob: none,
    jobAgain: none,
  },
  ...{ fetchJob: none, fetchWeights: none, fetchResult: none, changeSchedule: none, runSchedule: none },
  ...{ keptJobs: async () => [], listJobs: async () => [], schedules: async () => [], stopFollowing: async () => {} },
};
