/** burnish jobs plan and script: where a run could go and what it would cost there, and the files that take it there. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { CommandContext } from "@/cli/command";
import { adapterFiles, dataSource, modelSource, recipeFile, writeFiles } from "@/cli/files";
import type { FlagName } from "@/cli/flags";
import { recipeFrom } from "@/cli/recipe-flags";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { dated, hardwareList } from "@/offload/hardware";
import { type Plan, type PlanRow, planJob } from "@/offload/plan";
import { START_FILES } from "@/offload/submission";
import { requireTrainable } from "@/session/job";
import { jobFiles } from "@/session/job-files";
import type { JobFacts } from "@/worker/api/jobs";
import type { NamedFile } from "@/worker/api/sources";

export const PLAN_FLAGS: readonly FlagName[] = [
  ...(["model", "data", "eval", "recipe", "method", "steps", "lr", "rank", "alpha", "batch", "accumulate"] as const),
  ...(["schedule", "warmup", "loss", "max-length", "columns", "max-rows", "seed", "fix"] as const),
  ...(["accept", "adapter", "weights", "flavor", "offline", "out"] as const),
];

/** Rows of the table, cheapest first, besides those that are marked. */
const SHOWN = 10;
const HUB = "https://huggingface.co";

/** What both verbs begin with: the facts of the run, and the plan. Also for `submit`. */
export async function preparePlan({ session, flags, terminal }: CommandContext) {
  const { model, data } = flags;
  if (!model || !data) {
    throw new AppError("usage", "A plan needs --model and --data.", {
      hint: "The model may be a folder, a GGUF file, hf:OWNER/NAME, or a folder with config.json alone.",
    });
  }
  const named = { model, data: { train: data, eval: flags.eval ?? "" } };
  const recipe = recipeFrom(flags, named, await recipeFile(flags.recipe));
  const facts = await session.jobFacts(await modelSource(model), await dataSource(data, flags.eval), recipe);
  const hardware = flags.offline ? dated() : await hardwareList(process.env.HF_ENDPOINT || HUB);
  if ("why" in hardware)
    terminal.note(`No live list of hardware (${hardware.why}); prices are those of ${hardware.date}.`);
  const weights = flags.weights ? { weights: [flags.weights] } : {};
  return { facts, plan: planJob(facts.recipe, facts.model, facts.data, hardware, { here: facts.here, ...weights }) };
}

/** What is sent must be fit to train on, and complete: the gates, and the adapter that the recipe goes on from. */
export async function requireSendable({ flags, terminal }: CommandContext, facts: JobFacts): Promise<NamedFile[]> {
  requireTrainable(facts);
  for (const { title, message, severity } of facts.findings)
    if (severity !== "note") terminal.note(`${title}: ${message}`);
  const { start, trains } = facts.recipe;
  if (start !== "adapter") return [];
  if (trains === "full" || flags.adapter === undefined) {
    throw new AppError("usage", "The recipe goes on from what was trained before.", {
      hint:
        trains === "full" ? "Make it start new, with --model the folder of those weights." : "Name it: --adapter DIR.",
    });
  }
  return (await adapterFiles(flags.adapter)).filter(({ name }) => START_FILES.includes(name));
}

export async function planVerb(context: CommandContext): Promise<undefined> {
  const { terminal, flags } = context;
  const { facts, plan } = await preparePlan(context);
  const { model, data } = facts;
  terminal.say(
    `${model.name}: ${(model.parameters / 1e9).toFixed(2)} B parameters; ${data.rows} rows, ${data.heldOut} held out, ` +
      `${plan.tokens.toLocaleString("en")} tokens${data.counted ? "" : " (estimated: there is no tokenizer to count with)"}`,
  );
  const marks = (row: PlanRow) =>
    [row === plan.recommended && "recommended", row === plan.cheapest && "cheapest", row === plan.fastest && "fastest"]
      .filter((mark) => mark !== false)
      .join(", ");
  const fitting = plan.rows.filter(({ fits }) => fits);
  const shown = fitting.filter((row, i) => marks(row) !== "" || i < SHOWN || flags.flavor === row.flavor);
  const lines = shown.map((row) => [
    ...[row.flavor, row.weights, row.gpus > 1 ? row.sharing : "", `${(row.memory.total / 1e9).toFixed(1)} GB`],
    ...[
      `${duration(row.seconds.low)} to ${duration(row.seconds.high)}`,
      `$${row.dollars.low.toFixed(2)} to ${row.dollars.high.toFixed(2)}`,
    ],
    ...[duration(row.timeoutSeconds), `$${row.ceilingDollars.toFixed(2)}`, marks(row)],
  ]);
  terminal.say(
    table([["where", "weights", "GPUs", "memory", "time", "cost", "timeout", "at most", ""], hereLine(plan), ...lines]),
  );
  if (fitting.length > shown.length) terminal.say(`${fitting.length - shown.length} dearer ones fit, too.`);
  const left = plan.rows.length - fitting.length;
  if (left > 0) terminal.say(`${left} more do not fit; --json says why of each.`);
  if (fitting.length === 0) terminal.say("Nothing here holds this run: shorten --max-length, or take --weights qlora.");
  terminal.say(
    `Prices of ${plan.prices.date}${plan.prices.live ? ", live" : ", from the copy that ships with Burnish"}; docs/jobs.md has the formulas.`,
  );
  if (!plan.prices.live)
    terminal.say(
      "Main memory of the flavors is as documented and not verified: it decides what is merged and converted there.",
    );
  terminal.emit({ type: "plan", model, data: { ...data, lengths: undefined }, ...plan });
}

function hereLine({ here }: Plan): string[] {
  const speed = here?.tokensPerSecond ?? null;
  const time = here?.seconds ? duration(here.seconds) : "not measured yet";
  return [
    "stay here",
    "lora",
    "",
    "",
    time,
    "$0",
    "",
    "",
    speed === null ? "" : `${Math.round(speed)} tokens/s measured`,
  ];
}

function duration(seconds: number): string {
  if (seconds < 90 * 60) return `${Math.max(1, Math.round(seconds / 60))} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}

/** The row that --flavor names, else the recommended one; null where nothing fits and none was named. */
export function chosenRow(plan: Plan, flavor: string | undefined): PlanRow | null {
  if (flavor === undefined) return plan.recommended;
  const named = plan.rows.filter((row) => row.flavor === flavor);
  const found = named.find((row) => row.fits && row.weights !== "full") ?? named.find(({ fits }) => fits);
  if (found) return found;
  const why = named.map((row) => `${row.weights}: ${row.why}`).join("; ");
  throw new AppError(
    "usage",
    named.length === 0 ? `There is no flavor "${flavor}".` : `${flavor} cannot hold this run: ${why}.`,
    {
      hint: "`burnish jobs plan` lists what fits.",
    },
  );
}

/** train.py with its rows and the files that start it elsewhere. */
export async function scriptVerb(context: CommandContext): Promise<undefined> {
  const { flags, terminal } = context;
  const { facts, plan } = await preparePlan(context);
  const start = await requireSendable(context, facts);
  const row = chosenRow(plan, flags.flavor);
  const files = jobFiles(facts, row, flags.weights);
  const out = flags.out ?? "job";
  await mkdir(out, { recursive: true });
  for (const [name, text] of Object.entries(files)) await writeFile(join(out, name), text);
  await writeFiles(out, start);
  const names = [...Object.keys(files), ...start.map(({ name }) => name)];
  terminal.say(`${out}: ${names.join(", ")}`);
  if (row)
    terminal.say(
      `Made for ${row.flavor} (${row.weights}); at most $${row.ceilingDollars.toFixed(2)} at a timeout of ${duration(row.timeoutSeconds)}.`,
    );
  terminal.say(`Start it with: cd ${out} && uv run train.py`);
  terminal.emit({ type: "script", out, files: names, flavor: row?.flavor ?? null });
}
