/** burnish jobs submit, logs, status, cancel, list, fetch and schedules. The token is HF_TOKEN, and is written nowhere. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import type { CommandContext } from "@/cli/command";
import { chosenRow, preparePlan, requireSendable } from "@/cli/commands/jobs-plan";
import { recipeFile, wholeFolder, writeFiles } from "@/cli/files";
import type { FlagName } from "@/cli/flags";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { parseReference } from "@/hub/reference";
import type { JobUpdate } from "@/offload/follow";
import { dollars } from "@/offload/job";
import type { JobPreview } from "@/offload/preflight";
import type { JobProgress } from "@/offload/progress";
import type { JobAsk } from "@/offload/submission";
import { askOfRow } from "@/session/job-files";
import { parseRecipe } from "@/train/recipe";
import type { JobView } from "@/worker/api/jobs";

export const RUN_FLAGS: readonly FlagName[] = [
  "from",
  "continue",
  "model",
  "flavor",
  "timeout",
  "namespace",
  "name",
  "yes",
  "at-most",
  "schedule-at",
  "out",
];

type Verb = (context: CommandContext, operands: readonly string[]) => Promise<number | undefined>;

/** A folder that `jobs script` wrote: script and rows, and the recipe beside them. */
async function askOfFolder({ flags }: CommandContext): Promise<JobAsk> {
  const { from, model, flavor, timeout } = flags;
  if (from === undefined || flavor === undefined || timeout === undefined) {
    throw new AppError("usage", "jobs submit needs --from, --flavor and --timeout.", {
      hint: "`burnish jobs plan` names flavors and timeouts, `burnish jobs script` writes the folder.",
    });
  }
  const files = (await wholeFolder(from)).filter(({ name }) => !name.includes("/"));
  const recipe = parseRecipe(await recipeFile(join(from, "recipe.json")));
  const { repo, revision } = parseReference(model ?? recipe.model);
  const rows = async (name: string) =>
    ((await files.find((file) => file.name === name)?.blob.text()) ?? "")
      .split("\n")
      .filter((line) => line.trim() !== "").length;
  return {
    ...{
      name: flags.name ?? `${repo.split("/").at(-1)}-${recipe.method}`,
      files,
      recipe,
      flavor,
      namespace: flags.namespace,
    },
    model: { name: repo, revision: revision === "main" ? null : revision },
    data: { name: recipe.data.train, trainRows: await rows("train.jsonl"), evalRows: await rows("held-out.jsonl") },
    timeoutSeconds: timeout,
  };
}

/** Straight from a model and rows: the plan's flavor, or the named one, with its timeout. */
async function askOfPlan(context: CommandContext): Promise<JobAsk> {
  const { flags } = context;
  const { facts, plan } = await preparePlan(context);
  const start = await requireSendable(context, facts);
  const row = chosenRow(plan, flags.flavor);
  if (!row)
    throw new AppError("usage", "No flavor holds this run.", { hint: "`burnish jobs plan --json` says why of each." });
  const ask = askOfRow(facts, row);
  return {
    ...{ ...ask, name: flags.name ?? ask.name, namespace: flags.namespace },
    files: [...ask.files, ...start],
    timeoutSeconds: flags.timeout ?? ask.timeoutSeconds,
  };
}

/** Shows what it would send and cost, and spends only after a yes. */
export async function submitAsk(context: CommandContext, ask: JobAsk): Promise<undefined> {
  const { session, terminal, flags } = context;
  const preview = await session.previewJob(ask);
  showPreview(context, preview);
  const { ok, ceilingDollars, checks } = preview;
  if (!ok || ceilingDollars === null) {
    const failed = checks.filter(({ state }) => state === "failed").map(({ sentence }) => sentence);
    throw new AppError("usage", failed.join(" "), { hint: "Nothing was sent, started or spent." });
  }
  const limit = flags["at-most"];
  if (limit !== undefined && ceilingDollars > limit) {
    throw new AppError("usage", `The job could cost ${dollars(ceilingDollars)}, more than --at-most ${limit}.`, {
      hint: "Choose a shorter timeout or another flavor. Nothing was sent, started or spent.",
    });
  }
  await requireYes(context, ceilingDollars);
  const confirmed = { preview, ceilingDollars };
  const onSent = (done: number, total: number) => terminal.progress("send", done, total);
  const schedule = flags["schedule-at"];
  if (schedule !== undefined) {
    const made = await session.scheduleJob(ask, confirmed, schedule, onSent);
    terminal.say(
      `Scheduled ${schedule}: ${made.id}. Each run may cost ${dollars(ceilingDollars)}. Stop it: burnish jobs schedules delete ${made.id}`,
    );
    terminal.emit({ type: "scheduled", ...made });
    return;
  }
  const kept = await session.submitJob(ask, confirmed, onSent);
  terminal.say(`Submitted: ${kept.id}`);
  terminal.say(`Follow it:  burnish jobs logs ${kept.id}`);
  terminal.say(`Cancel it:  burnish jobs cancel ${kept.id}`);
  terminal.say(`Bring back: burnish jobs fetch ${kept.id}`);
  terminal.emit({ type: "submitted", ...kept });
}

const MARKS = { passed: "ok  ", warning: "note", failed: "NO  " } as const;

function showPreview({ terminal }: CommandContext, preview: JobPreview): void {
  for (const { state, sentence } of preview.checks) terminal.note(`${MARKS[state]}  ${sentence}`);
  terminal.note("What leaves this machine:");
  for (const line of preview.leaves) terminal.note(`      ${line}`);
  terminal.note(`The same by hand: ${preview.commandLine}`);
  const most = preview.ceilingDollars === null ? "not known" : dollars(preview.ceilingDollars);
  terminal.note(`It costs at most ${most}: ${preview.flavor} for ${Math.ceil(preview.timeoutSeconds / 60)} minutes.`);
  terminal.emit({ type: "preview", ...preview });
}

async function requireYes({ flags }: CommandContext, ceiling: number): Promise<void> {
  if (flags.yes) return;
  const unsaid = (message: string) =>
    new AppError("usage", message, { hint: "Say --yes, or type yes when asked. Nothing was sent, started or spent." });
  if (!process.stdin.isTTY) throw unsaid(`Spending up to ${dollars(ceiling)} needs a yes.`);
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await lines.question(`Spend at most ${dollars(ceiling)}? Type yes: `).finally(() => lines.close());
  if (answer.trim().toLowerCase() !== "yes") throw unsaid("Not submitted.");
}

/** A job that ended too early, with another timeout or flavor where they are named. */
async function askOfJob({ session, flags }: CommandContext, name: string): Promise<JobAsk> {
  const ask = await session.jobAgain(name, { namespace: flags.namespace });
  return { ...ask, flavor: flags.flavor ?? ask.flavor, timeoutSeconds: flags.timeout ?? ask.timeoutSeconds };
}

const submit: Verb = async (context) => {
  const { from, continue: before } = context.flags;
  if (before !== undefined) return submitAsk(context, await askOfJob(context, before));
  return submitAsk(context, from === undefined ? await askOfPlan(context) : await askOfFolder(context));
};

const accessOf = ({ flags }: CommandContext) => ({ namespace: flags.namespace });

/** Ctrl-C ends the following, not the job. */
const logs: Verb = async (context, [name = "last"]) => {
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

const status: Verb = async (context, [name = "last"]) =>
  show(context, await context.session.jobStatus(name, accessOf(context)));

const cancel: Verb = async (context, [name]) => {
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

const list: Verb = async (context) => {
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

/** A job by its name, or a folder that its script wrote on any machine. */
const fetchVerb: Verb = async (context, [name = "last"]) => {
  const { session, terminal, flags } = context;
  const isFolder = (await stat(name).catch(() => undefined))?.isDirectory() === true;
  const fetched = isFolder
    ? await session.fetchResult(name, await wholeFolder(name))
    : await session.fetchJob(name, accessOf(context));
  for (const note of fetched.notes) terminal.note(note);
  if (fetched.verdict) terminal.say(fetched.verdict);
  terminal.say(`Kept as the run ${fetched.run}.`);
  if (flags.out !== undefined && fetched.adapter.length > 0) {
    await writeFiles(flags.out, fetched.adapter);
    terminal.say(`${flags.out}: the adapter as PEFT's folder.`);
  }
  if (flags.out !== undefined && fetched.adapter.length === 0 && !isFolder) {
    await writeFiles(flags.out, await session.fetchWeights(name, accessOf(context)));
    terminal.say(`${flags.out}: the trained model; open it with --model ${flags.out}.`);
  }
  terminal.emit({ type: "fetched", run: fetched.run, verdict: fetched.verdict, out: flags.out ?? null });
  return undefined;
};

const schedules: Verb = async (context, [change, id]) => {
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

export const RUN_VERBS: Readonly<Record<string, Verb>> = {
  submit,
  logs,
  status,
  cancel,
  list,
  fetch: fetchVerb,
  schedules,
};
