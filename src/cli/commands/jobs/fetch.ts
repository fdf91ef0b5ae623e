/** burnish jobs fetch: what a job made, brought home as a kept run. */
import { stat } from "node:fs/promises";
import { accessOf, type Verb } from "@/cli/commands/jobs/verb";
import { wholeFolder, writeFiles } from "@/cli/files";

/** A job by its name, or a folder that its script wrote on any machine. */
export const fetchVerb: Verb = async (context, [name = "last"]) => {
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
