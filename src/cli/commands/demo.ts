/** burnish demo: the page's one button in a terminal: train, compare and export on the bundled model and data. */
import { join, resolve } from "node:path";
import type { Command, CommandContext } from "@/cli/command";
import { answering, describeData, evalLine, openModel, percent, trainWithBar } from "@/cli/commands/shared";
import { dataSource, writeFiles } from "@/cli/files";
import type { Flags } from "@/cli/flags";
import { recipeFrom } from "@/cli/recipe-flags";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { parseRecipe, type Recipe, type RecipeInput } from "@/train/recipe";
import type { ComparedCase, Comparison } from "@/worker/api/comparison";
import type { RunResult } from "@/worker/api/run";
import type { DatasetSource } from "@/worker/api/sources";

/** What each demo trains on; "dpo" first learns the commands, whose answers must not suffer. */
const DEMOS: Readonly<Record<string, string>> = {
  commands: "commands",
  feelings: "feelings",
  dpo: "manners",
  grpo: "replies",
};

export const demo: Command = {
  name: "demo",
  summary:
    "Train, compare and export on the bundled model: commands (the default) or feelings by example, dpo by preference, grpo by reward. --validate splits rows off the training part instead of using the held-out ones, for choosing a recipe.",
  required: [],
  optional: ["name", "data", "out", "steps", "lr", "rank", "alpha", "batch", "seed", "validate"],
  run: async (context) => {
    const { flags, terminal, session } = context;
    const start = performance.now();
    const data = flags.data ?? `bundled:${datasetOf(flags.name ?? "commands")}`;
    const out = resolve(flags.out ?? `dist/demo-${data.replace("bundled:", "")}`);
    await openModel(context, "bundled:ember");
    const before = flags.name === "dpo" ? await trainAndCompare(context, "bundled:commands", {}) : undefined;
    const { result, comparison } = await trainAndCompare(context, data, before ? { start: "adapter" } : {});
    await writeFiles(out, await session.exportAdapter());
    terminal.say();
    terminal.say(verdict(comparison, result.recipe.method));
    terminal.say();
    terminal.say(comparison.sentence);
    terminal.say(measured(result));
    terminal.emit({ type: "method", method: result.recipe.method, before: result.evalBefore, after: result.evalAfter });
    if (before) {
      const after = await compareOn(context, "bundled:commands", before.recipe);
      const [was, is] = [before.comparison.tuned, after.tuned];
      terminal.say(`The commands learnt first: ${percent(was.rate)} right before, ${percent(is.rate)} after.`);
      terminal.emit({ type: "kept", before: was.rate, after: is.rate });
    }
    const seconds = (performance.now() - start) / 1000;
    terminal.say(`Trained in ${result.seconds.toFixed(1)} s, all in ${seconds.toFixed(1)} s.`);
    terminal.say(`The adapter lies in ${out}.`);
    terminal.emit(evalLine(comparison));
    terminal.emit({ type: "done", out, seconds, trainSeconds: result.seconds });
  },
};

function datasetOf(name: string): string {
  const found = DEMOS[name];
  if (found) return found;
  throw new AppError("usage", `There is no demo "${name}".`, { hint: `There are ${Object.keys(DEMOS).join(", ")}.` });
}

const VALIDATION = { holdout: 0.15 };

/** For choosing a recipe only the training rows are read, so that the held-out ones stay unseen until it is chosen. */
async function demoSource(data: string, { validate }: Flags): Promise<DatasetSource> {
  const name = /^bundled:(.+)$/.exec(data)?.[1];
  const folder = join(process.env.BURNISH_PUBLIC ?? "public", "datasets");
  return dataSource(validate && name ? join(folder, `${name}.train.jsonl`) : data);
}

async function trainAndCompare(context: CommandContext, data: string, over: RecipeInput) {
  const { session, flags, terminal } = context;
  const source = await demoSource(data, flags);
  const named = { model: "bundled:ember", data: { train: data, ...(flags.validate ? VALIDATION : {}) } };
  const { recipe: recommended } = await session.openDataset(await dataSource(data), recipeFrom({}, named));
  // The flags are for the dataset that the demo is about.
  const recipe = recipeFrom(over.start || flags.name !== "dpo" ? flags : {}, named, recommended ?? {}, over);
  describeData(await session.openDataset(source, recipe), terminal);
  const result = await trainWithBar(context, recipe, parseRecipe(recipe).schedule.steps);
  return { recipe, result, comparison: await session.compare(answering(terminal)) };
}

async function compareOn({ session, flags, terminal }: CommandContext, data: string, recipe: RecipeInput) {
  await session.openDataset(await demoSource(data, flags), recipe);
  return session.compare(answering(terminal));
}

/** What the method itself measured on the held-out rows. Measured against the start, preference has no "before". */
function measured({ evalBefore, evalAfter }: RunResult): string {
  const { reward, "rewards/accuracies": accuracy } = evalAfter;
  if (accuracy !== undefined)
    return `Held-out pairs whose chosen answer gained on the rejected one: ${percent(accuracy)}.`;
  return reward === undefined
    ? ""
    : `Held-out reward: ${percent(evalBefore.reward ?? 0)} before, ${percent(reward)} after.`;
}

function verdict({ n, base, tuned, cases, fixed, broken }: Comparison, method: Recipe["method"]): string {
  const arm = (name: string, { passed, rate, interval }: Comparison["base"]) => [
    name,
    `${passed} of ${n}`,
    percent(rate),
    `${percent(interval.low)} – ${percent(interval.high)}`,
  ];
  const rates = table([
    ["", method === "dpo" ? "chosen preferred" : "passed", "rate", "95 % interval"],
    arm("base", base),
    arm("tuned", tuned),
  ]);
  return `${rates}\n\nfixed ${fixed}, broken ${broken}\n\n${table(examples(cases))}`;
}

function examples(cases: readonly ComparedCase[]): string[][] {
  const short = (text: string) => {
    const line = text.trim().replaceAll(/\s+/g, " ");
    return line.length > 44 ? `${line.slice(0, 43)}…` : line;
  };
  const shown = cases
    .slice(0, 4)
    .map(({ prompt, expected, base, tuned }) => [prompt, expected, base, tuned].map(short));
  return [["prompt", "expected", "base", "tuned"], ...shown];
}
