/** burnish jobs status, cancel, list and schedules: jobs as they stand. */
import type { CommandContext } from "@/cli/command";
import { accessOf, type Verb } from "@/cli/commands/jobs/verb";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { dollars } from "@/offload/job";
import type { JobView } from "@/worker/api/jobs";

export const statusVerb: Verb = async (context, [name = "last"]) =>
  show(context, await context.session.jobStatus(name, accessOf(context)));

export const cancelVerb: Verb = async (context, [name]) => {
  if (!name)
    throw new AppError("usage", "jobs cancel needs the job's name.", { hint: "`burnish jobs list` shows it." });
  return show(context, await context.session.cancelJob(name, accessOf(context)));
};

function show({ terminal }: CommandContext, { job, spent, kept }: JobView): undefined {
  terminal.say(
    `${job.id}: ${job.stage}${job.message ? ` (${job.message})` : ""}, ${job.flavor}, ${Math.ceil(job.runningSeconds / 60)} min${spent === null ? "" : `, ${dollars(spent)} so far`}`,
  );
  if (kept?.run) terminal.say(`It is the run ${kept.run} here.`);
  terminal.emit({ type: "job", ...job, spentDollars: spent, run: kept?.run ?? null });
}

export const listVerb: Verb = async (context) => {
  const { session, terminal } = context;
  const jobs = await session.listJobs(accessOf(context));
  const rows = jobs.map(({ job, spent, kept }) => [
    ...[
      job.id,
      job.stage,
      job.labels.burnish ?? "",
      job.flavor,
      spent === null ? "–" : dollars(spent),
      kept?.run ?? "",
    ],
  ]);
  terminal.say(
    rows.length === 0
      ? "No job was submitted by Burnish yet."
      : table([["job", "stage", "name", "flavor", "spent", "run"], ...rows]),
  );
  for (const { job, spent, kept } of jobs)
    terminal.emit({ type: "job", ...job, spentDollars: spent, run: kept?.run ?? null });
  return undefined;
};

export const schedulesVerb: Verb = async (context, [change, id]) => {
  const { session, terminal } = context;
  const access = accessOf(context);
  if (change === undefined) {
    const all = await session.schedules(access);
    const rows = all.map((one) => [
      one.id,
      one.schedule,
      one.paused ? "paused" : (one.nextRunAt ?? ""),
      one.flavor,
      one.labels.burnish ?? "",
    ]);
    terminal.say(
      rows.length === 0 ? "Nothing is scheduled." : table([["schedule", "when", "next", "flavor", "name"], ...rows]),
    );
    for (const one of all) terminal.emit({ type: "schedule", ...one });
    return undefined;
  }
  if (id === undefined || !(change === "pause" || change === "resume" || change === "delete" || change === "run")) {
    throw new AppError("usage", "jobs schedules takes pause, resume, delete or run, and a schedule.", {
      hint: "`burnish jobs schedules` lists them.",
    });
  }
  if (change === "run") return show(context, await session.runSchedule(id, access));
  await session.changeSchedule(id, change, access);
  terminal.say(`${id}: ${change}d.`);
  terminal.emit({ type: "schedule-changed", id, change });
  return undefined;
};
