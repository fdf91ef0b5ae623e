/** burnish jobs logs: a job followed to its end. */
import type { CommandContext } from "@/cli/command";
import { accessOf, type Verb } from "@/cli/commands/jobs/verb";
import type { JobUpdate } from "@/offload/follow";
import type { JobProgress } from "@/offload/progress";

/** Ctrl-C ends the following, not the job. */
export const logsVerb: Verb = async (context, [name = "last"]) => {
  const { session, terminal } = context;
  let left = false;
  const leave = () => {
    left = true;
    void session.stopFollowing();
  };
  process.once("SIGINT", leave);
  try {
    const { job, spent, progress, outcome } = await session.followJob(name, accessOf(context), (updates, at) => {
      for (const update of updates) showUpdate(context, update, at);
    });
    terminal.clear();
    if (!outcome) {
      terminal.note(
        `${left ? "You left; the" : "The"} job goes on, and costs, until its end: burnish jobs logs ${job.id}, or burnish jobs cancel ${job.id}.`,
      );
      terminal.emit({ type: "left", id: job.id, stage: job.stage, spent, step: progress.step });
      return undefined;
    }
    for (const sentence of [outcome.happened, outcome.spent, outcome.safe, outcome.next])
      if (sentence) terminal.say(sentence);
    terminal.emit({
      type: "ended",
      id: job.id,
      stage: job.stage,
      spentDollars: spent,
      step: progress.step,
      ...outcome,
    });
    return outcome.ok ? undefined : 1;
  } finally {
    process.removeListener("SIGINT", leave);
  }
};

function showUpdate({ terminal }: CommandContext, update: JobUpdate, progress: JobProgress): void {
  if (update.type === "line") terminal.say(update.text);
  if (update.type === "note") terminal.note(update.message);
  if (update.type === "event" && update.event.type === "step") {
    const loss = progress.loss === null ? "" : `loss ${progress.loss.toFixed(4)}`;
    terminal.progress("train", progress.step, progress.totalSteps ?? 0, loss);
  }
  if (update.type !== "line" || update.text.trim() !== "") terminal.emit({ ...update, type: `job-${update.type}` });
}
