/** burnish sweep: looking for settings, by a range test or by several runs over a grid. */
import type { Command } from "@/cli/command";
import { describeData, openModel } from "@/cli/commands/shared";
import { dataSource, recipeFile } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import type { SweepRow } from "@/runs/sweep";

/** Short names of what is most often swept. */
const SHORT: Readonly<Record<string, string>> = {
  lr: "optimizer.learningRate",
  rank: "lora.rank",
  alpha: "lora.alpha",
  batch: "batch.size",
  steps: "schedule.steps",
  schedule: "schedule.kind",
};

/** "lr=1e-4,1e-3;rank=4,8" → { "optimizer.learningRate": [1e-4, 1e-3], "lora.rank": [4, 8] } */
export function parseGrid(text: string): Record<string, unknown[]> {
  const entries = text.split(";").map((part) => {
    const [name = "", values = ""] = part.split("=");
    if (name === "" || values === "") {
      throw new AppError("usage", `--grid ${text}: "${part}" is no list of values.`, {
        hint: 'Write it like --grid "lr=1e-4,1e-3;rank=4,8".',
      });
    }
    return [SHORT[name] ?? name, values.split(",").map(gridValue)] as const;
  });
  return Object.fromEntries(entries);
}

function gridValue(text: string): unknown {
  const number = Number(text);
  return text.trim() === "" || Number.isNaN(number) ? text : number;
}

export const sweep: Command = {
  name: "sweep",
  summary: "Look for settings: without --grid the learning-rate range test, with it several runs, the best going on.",
  required: ["model", "data"],
  optional: [
    "eval",
    "grid",
    "strategy",
    "minutes",
    "method",
    "recipe",
    "steps",
    "lr",
    "rank",
    "batch",
    "seed",
    "base-dtype",
  ],
  run: async (context) => {
    const { session, flags, terminal } = context;
    const { model = "", data = "" } = flags;
    await openModel(context, model);
    const source = await dataSource(data, flags.eval);
    const given = [{ model, data: { train: data, eval: flags.eval ?? "" } }, await recipeFile(flags.recipe)] as const;
    const first = await session.openDataset(source, recipeFrom(flags, ...given));
    describeData(first, terminal);
    const recipe = recipeFrom(flags, given[0], first.recipe ?? {}, given[1]);
    process.once("SIGINT", () => void session.stop());
    if (flags.grid === undefined) {
      let done = 0;
      const reading = await session.findRate(recipe, ({ rate, loss }, total) => {
        done++;
        terminal.emit({ type: "rate", rate, loss });
        terminal.progress("range", done, total, `rate ${rate.toExponential(1)}  loss ${loss.toFixed(3)}`);
      });
      terminal.say(reading.sentence);
      terminal.emit({
        type: "range",
        suggested: reading.suggested,
        steepest: reading.steepest,
        breaks: reading.breaks,
      });
      return;
    }
    const plan = { grid: parseGrid(flags.grid), strategy: flags.strategy ?? "halving", minutes: flags.minutes ?? 30 };
    const rows = await session.sweep(plan, recipe, (now) => {
      const finished = now.filter(({ state }) => state !== "waiting" && state !== "running").length;
      terminal.progress("sweep", finished, now.length, `${finished} of ${now.length} settings`);
    });
    const sorted = [...rows].sort((a, b) => b.steps - a.steps || order(a) - order(b));
    for (const row of sorted) terminal.emit({ type: "trial", ...row });
    const fields = Object.keys(sorted[0]?.changes ?? {});
    const cells = sorted.map((row) => [
      ...fields.map((field) => String(row.changes[field])),
      String(row.steps),
      row.evalLoss === null ? "–" : row.evalLoss.toFixed(4),
      row.state,
      row.run ?? "",
    ]);
    terminal.say(table([[...fields, "steps", "held-out loss", "", "run"], ...cells]));
  },
};

const order = ({ evalLoss, loss }: SweepRow) => evalLoss ?? loss ?? Number.POSITIVE_INFINITY;
