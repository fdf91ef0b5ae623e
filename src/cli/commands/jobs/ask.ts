/** What `burnish jobs submit` sends: of a folder, of a plan made on the spot, or of a job that ended too early. */
import { join } from "node:path";
import type { CommandContext } from "@/cli/command";
import { chosenRow, preparePlan, requireSendable } from "@/cli/commands/jobs/plan";
import { recipeFile, wholeFolder } from "@/cli/files";
import { AppError } from "@/errors";
import { parseReference } from "@/hub/reference";
import type { JobAsk } from "@/offload/submission";
import { askOfRow } from "@/session/job-files";
import { parseRecipe } from "@/train/recipe";

/** A folder that `jobs script` wrote: script and rows, and the recipe beside them. */
export async function askOfFolder({ flags }: CommandContext): Promise<JobAsk> {
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
export async function askOfPlan(context: CommandContext): Promise<JobAsk> {
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

/** A job that ended too early, with another timeout or flavor where they are named. */
export async function askOfJob({ session, flags }: CommandContext, name: string): Promise<JobAsk> {
  const ask = await session.jobAgain(name, { namespace: flags.namespace });
  return { ...ask, flavor: flags.flavor ?? ask.flavor, timeoutSeconds: flags.timeout ?? ask.timeoutSeconds };
}
