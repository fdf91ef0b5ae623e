/** burnish train: data and a model to a PEFT folder, or to a model's when the weights themselves are trained. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Command } from "@/cli/command";
import { answering, describeData, openModel, trainWithBar } from "@/cli/commands/shared";
import { dataSource, recipeFile, rewardFile, writeFiles } from "@/cli/files";
import { recipeFrom } from "@/cli/recipe-flags";
import { AppError } from "@/errors";
import { parseRecipe } from "@/train/recipe";
import type { ExportOutline } from "@/worker/api/export";
import type { NamedFile } from "@/worker/api/sources";

const outlineOf = (files: readonly NamedFile[], full: boolean): ExportOutline => ({
  ...(full ? { format: "safetensors", quant: "f32" } : { format: "peft", quant: null }),
  notes: [],
  files: files.map(({ name, blob }) => ({ name, bytes: blob.size })),
  bytes: files.reduce((sum, { blob }) => sum + blob.size, 0),
});

export const train: Command = {
  name: "train",
  summary:
    "Fine-tune a LoRA adapter and write it as a PEFT folder; or, with --full, the weights themselves (of any method; --method full is that of sft), all or --only some, --from-scratch too, written as a model's folder. --record also keeps the start and the batch order; --timeline tells where the time until the first step went.",
  required: ["model", "data", "out"],
  optional: [
    "eval",
    "recipe",
    "method",
    "reward",
    "full",
    "from-scratch",
    "only",
    "freeze",
    "steps",
    "optimizer",
    "lr",
    "rank",
    "alpha",
    "dropout",
    "rslora",
    "dora",
    "rank-pattern",
    "alpha-pattern",
    "lora-plus",
    "init",
    "batch",
    "accumulate",
    ...(["keep-every", "patience", "better-by"] as const),
    "schedule",
    "warmup",
    "lr-minimum",
    "decay",
    "loss",
    "max-length",
    "columns",
    "accept",
    "fix",
    "probe",
    "max-rows",
    "seed",
    "base-dtype",
    "activations",
    "record",
    "compare",
    "timeline",
  ],
  run: async (context) => {
    const { session, flags, terminal } = context;
    if (flags.method === "kto") {
      throw new AppError("usage", "KTO is not trained here.", { hint: "--method is sft, dpo, grpo or full." });
    }
    const { model = "", data = "", out = "" } = flags;
    await openModel(context, model);
    const own = [await recipeFile(flags.recipe), await rewardFile(flags.reward)];
    const source = await dataSource(data, flags.eval);
    const named = { model, data: { train: data, eval: flags.eval ?? "" } };
    const first = await session.openDataset(source, recipeFrom(flags, named, ...own));
    const recipe = recipeFrom(flags, named, first.recipe ?? {}, ...own);
    const info = first.recipe ? await session.openDataset(source, recipe) : first;
    describeData(info, terminal);
    terminal.emit({ type: "data", rows: info.trainRows, evalRows: info.evalRows, faults: info.faultCount });
    const { schedule, trains } = parseRecipe(recipe);
    const full = trains === "full";
    await mkdir(out, { recursive: true });
    if (flags.record) await writeFiles(join(out, "initial"), await session.initialAdapter(recipe));
    const order: (readonly (readonly number[])[])[] = [];
    const result = await trainWithBar(context, recipe, schedule.steps, ({ rows }) => order.push(rows ?? []));
    const files = await session.exportAdapter();
    await writeFiles(out, files);
    if (flags.compare) terminal.say((await session.compare(answering(terminal))).sentence);
    await writeFiles(out, await session.companions(outlineOf(files, full), null));
    await writeFile(join(out, "recipe.json"), `${JSON.stringify(result.recipe, null, 2)}\n`);
    if (flags.record) await writeFile(join(out, "order.json"), `${JSON.stringify(order)}\n`);
    terminal.say(
      `Trained ${result.steps} steps in ${result.seconds.toFixed(1)} s; loss ${result.finalLoss.toFixed(4)}.`,
    );
    if (result.evalLossBefore !== null && result.evalLossAfter !== null) {
      terminal.say(`Held-out loss ${result.evalLossBefore.toFixed(4)} → ${result.evalLossAfter.toFixed(4)}.`);
    }
    terminal.say(`The ${full ? "model" : "adapter"} lies in ${out}.`);
    if (result.run) terminal.say(`The run is kept as ${result.run}.`);
    const { recipe: _, ...summary } = result;
    terminal.emit({ type: "done", out, ...summary });
  },
};
