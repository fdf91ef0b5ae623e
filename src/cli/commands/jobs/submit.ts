/** burnish jobs submit: shows what it would send and cost, and spends only after a yes. */
import { createInterface } from "node:readline/promises";
import type { CommandContext } from "@/cli/command";
import { askOfFolder, askOfJob, askOfPlan } from "@/cli/commands/jobs/ask";
import type { Verb } from "@/cli/commands/jobs/verb";
import { AppError } from "@/errors";
import { dollars } from "@/offload/job";
import type { JobPreview } from "@/offload/preflight";
import type { JobAsk } from "@/offload/submission";

export const submitVerb: Verb = async (context) => {
  const { from, continue: before } = context.flags;
  if (before !== undefined) return submitAsk(context, await askOfJob(context, before));
  return submitAsk(context, from === undefined ? await askOfPlan(context) : await askOfFolder(context));
};

async function submitAsk(context: CommandContext, ask: JobAsk): Promise<undefined> {
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
