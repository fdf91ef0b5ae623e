/** How a job ended, in sentences: what happened, what was spent, what is safe, what to do next. */
import { dollars, type Job, spentDollars } from "./job";
import type { JobProgress } from "./progress";

export interface Outcome {
  readonly ok: boolean;
  readonly happened: string;
  readonly spent: string;
  readonly safe: string;
  readonly next: string;
}

export type Ended = Pick<Job, "stage" | "message" | "runningSeconds" | "timeoutSeconds">;

const AGAIN = "In the room Jobs: Go on with it; on the command line: burnish jobs submit --continue JOB.";
const TIMED_OUT = /time(d)?[ -]?out|time limit|deadline/i;

/** `place`: where the results lie, for people. `dollarsPerMinute` null where the price is not known. */
export function outcomeOf(job: Ended, progress: JobProgress, place: string, dollarsPerMinute: number | null): Outcome {
  const minutes = Math.ceil(job.runningSeconds / 60);
  const cost = dollarsPerMinute === null ? "" : ` = ${dollars(spentDollars(job, dollarsPerMinute))}`;
  const spent = minutes === 0 ? "Nothing was spent: it never ran." : `Spent: ${minutes} min${cost}.`;
  const kept =
    progress.step > 0 ? `Checkpoints up to step ${progress.step} may lie in ${place}; nothing there is deleted.` : "";
  const why = progress.error || job.message;
  const because = why ? `: ${why.replace(/\.$/, "")}.` : ".";
  const end = (happened: string, safe: string, next: string) => ({ ok: false, happened, spent, safe, next });
  if (job.stage === "COMPLETED" && (progress.hasResult || progress.error === "")) {
    const safe = `Its result lies in ${place}.`;
    return { ok: true, happened: "The job is done.", spent, safe, next: "Fetch it: it becomes a run of your list." };
  }
  if (job.stage === "CANCELED") {
    return end(
      `The job was cancelled at step ${progress.step}.`,
      kept || "It had made nothing yet.",
      progress.step > 0 ? `It can go on from its last checkpoint. ${AGAIN}` : "Submit it again when you like.",
    );
  }
  if (job.stage === "DELETED") return end("The job was deleted.", kept, "Submit it again.");
  if (timedOut(job)) {
    const where = progress.totalSteps === null ? "" : ` at step ${progress.step} of ${progress.totalSteps}`;
    return end(
      `The job ran into its timeout${where}.`,
      kept || "It had not come to its first checkpoint.",
      `Submit it again with a longer timeout: it goes on from its last checkpoint. ${AGAIN}`,
    );
  }
  if (progress.totalSteps === null && progress.step === 0) {
    return end(
      `The job died while it was loading${because}`,
      "Your data and script are untouched; it had made nothing yet.",
      /memory/i.test(why)
        ? "Choose a flavor with more memory, a shorter length, or QLoRA."
        : "The end of its log says which package, model or file it was.",
    );
  }
  const memory = /out of memory|OutOfMemory|OOM/i.test(why);
  return end(
    `The job failed at step ${progress.step}${because}`,
    kept || "It had not come to its first checkpoint.",
    memory
      ? "Choose a flavor with more memory, a smaller batch or a shorter length."
      : `Correct what its log names, then submit it again: it goes on from its last checkpoint. ${AGAIN}`,
  );
}

function timedOut({ stage, message, runningSeconds, timeoutSeconds }: Ended): boolean {
  const over = timeoutSeconds !== null && runningSeconds >= timeoutSeconds;
  return (stage === "ERROR" && TIMED_OUT.test(message)) || (stage !== "COMPLETED" && over);
}
