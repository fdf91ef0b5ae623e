/** burnish resume, and burnish runs fork: going on from a checkpoint, exactly or with a change. */
import type { Command, CommandContext } from "@/cli/command";
import { openModel, trainingWatcher } from "@/cli/commands/shared";
import { dataSource, recipeFile, writeFiles } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";
import type { RunResult } from "@/worker/api/run";

/** What the run was made with, found again by the names in its recipe. */
async function reopen(context: CommandContext, id: string) {
  const record = await context.session.readRun(id);
  const { recipe, model } = record;
  // A folder's own name is its path, which does not depend on where the command stands.
  const path = model.source.startsWith("files:") ? model.source.slice("files:".length) : model.source;
  await openModel(context, context.flags.model ?? path);
  const source = await dataSource(context.flags.data ?? recipe.data.train, recipe.data.eval || undefined);
  await context.session.openDataset(source, recipe);
  return record;
}

async function finish({ session, terminal, flags }: CommandContext, result: RunResult): Promise<void> {
  if (flags.out) await writeFiles(flags.out, await session.exportAdapter());
  terminal.say(`Step ${result.steps}; loss ${result.finalLoss.toFixed(4)}. Kept as ${result.run}.`);
  if (flags.out) terminal.say(`The adapter lies in ${flags.out}.`);
  const { recipe: _, ...summary } = result;
  terminal.emit({ type: "done", ...(flags.out ? { out: flags.out } : {}), ...summary });
}

export const resume: Command = {
  name: "resume",
  summary: "Go on with a run that was stopped or cut off; the numbers are those of a run that never was.",
  operands: ["RUN"],
  required: [],
  optional: ["model", "data", "out", "base-dtype"],
  run: async (context) => {
    const [id = ""] = context.operands;
    const { recipe } = await reopen(context, id);
    const watch = trainingWatcher(context, recipe.schedule.steps);
    await finish(context, await context.session.resumeRun(id, watch));
  },
};

export async function forkRun(context: CommandContext, id: string): Promise<void> {
  const { flags, session } = context;
  const { recipe } = await reopen(context, id);
  const changes = recipeFrom(flags, await recipeFile(flags.recipe));
  const steps = changes.schedule?.steps ?? recipe.schedule.steps;
  const watch = trainingWatcher(context, steps);
  await finish(context, await session.forkRun(id, flags.step ?? "last", changes, watch));
}
