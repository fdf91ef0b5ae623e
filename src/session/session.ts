/**
 * The application core without a screen: one open model, one dataset, one adapter. The page's worker exposes it through
 * Comlink; the CLI calls it directly. It does one thing at a time; pause, resume and stop reach a run between steps.
 */
import { adapterCalls } from "@/session/calls/adapter";
import { answerCalls } from "@/session/calls/answers";
import { benchCalls } from "@/session/calls/bench";
import { checkingCalls } from "@/session/calls/checking";
import { dataCalls } from "@/session/calls/data";
import { exportCalls } from "@/session/calls/export";
import { finishCalls } from "@/session/calls/finish";
import { jobCalls } from "@/session/calls/jobs";
import { modelCalls } from "@/session/calls/model";
import { runCalls } from "@/session/calls/runs";
import { skillCalls } from "@/session/calls/skills";
import { suiteCalls } from "@/session/calls/suites";
import { sweepCalls } from "@/session/calls/sweeps";
import { trainingCalls } from "@/session/calls/training";
import type { Session } from "@/session/contract";
import { createCore } from "@/session/core";
import type { Platform } from "@/session/platform";
import { trainRuns } from "@/session/train-run";

export function createSession(platform: Platform): Session {
  const core = createCore(platform);
  const opening = { ...modelCalls(core), ...dataCalls(core) };
  const runs = trainRuns(core, opening);
  return {
    ...opening,
    ...checkingCalls(core),
    ...trainingCalls(core, runs),
    ...sweepCalls(core, runs),
    ...answerCalls(core),
    ...suiteCalls(core),
    ...skillCalls(core),
    ...adapterCalls(core),
    ...exportCalls(core),
    ...finishCalls(core),
    ...benchCalls(core),
    ...runCalls(core),
    ...jobCalls(core),
  };
}
