/** burnish demo: the page's one button in a terminal: train, compare and export on the bundled model and data. */
import { resolve } from "node:path";
import type { Command } from "@/cli/command";
import { answering, describeData, evalLine, openModel, percent, trainWithBar } from "@/cli/commands/shared";
import { dataSource, writeFiles } from "@/cli/files";
import { recipeFrom } from "@/cli/flags";
import { table } from "@/cli/terminal";
import { parseRecipe } from "@/train/recipe";
import type { ComparedCase, Comparison } from "@/worker/api";

export const demo: Command = {
  name: "demo",
  summary: "Train, compare and export on the bundled model: bundled:commands unless --data says bundled:feelings.",
  required: [],
  optional: ["data", "out", "steps", "lr", "rank", "alpha", "batch", "seed"],
  run: async (context) => {
    const { session, flags, terminal } = context;
    const start = performance.now();
    const data = flags.data ?? "bundled:commands";
    const out = resolve(flags.out ?? `dist/demo-${data.replace("bundled:", "")}`);
    await openModel(context, "bundled:ember");
    const source = await dataSource(data);
    const named = { model: "bundled:ember", data: { train: data } };
    const { recipe: recommended } = await session.openDataset(source, recipeFrom(flags, named));
    const recipe = recipeFrom(flags, named, recommended ?? {});
    describeData(await session.openDataset(source, recipe), terminal);
    const result = await trainWithBar(context, recipe, parseRecipe(recipe).schedule.steps);
    const comparison = await session.compare(answering(terminal));
    await writeFiles(out, await session.exportAdapter());
    terminal.say();
    terminal.say(verdict(comparison));
    terminal.say();
    terminal.say(comparison.sentence);
    terminal.say(
      `Trained in ${result.seconds.toFixed(1)} s, all in ${((performance.now() - start) / 1000).toFixed(1)} s.`,
    );
    terminal.say(`The adapter lies in ${out}.`);
    terminal.emit(evalLine(comparison));
    terminal.emit({ type: "done", out, seconds: (performance.now() - start) / 1000, trainSeconds: result.seconds });
  },
};

function verdict({ n, base, tuned, cases, fixed, broken }: Comparison): string {
  const arm = (name: string, { passed, rate, interval }: Comparison["base"]) => [
    name,
    `${passed} of ${n}`,
    percent(rate),
    `${percent(interval.low)} – ${percent(interval.high)}`,
  ];
  const rates = table([["", "passed", "rate", "95 % interval"], arm("base", base), arm("tuned", tuned)]);
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
