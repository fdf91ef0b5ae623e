/** What a run and its comparison have to say in a model card. */
import { code, plain } from "@/export/card-text";
import type { LossPoint } from "@/export/curve";
import type { Recipe } from "@/train/recipe";
import type { Comparison } from "@/worker/api/comparison";

export interface RunFacts {
  readonly recipe: Recipe;
  /** What the data is called: an id on the Hub, a file, "bundled:NAME". */
  readonly dataset: string;
  readonly trainRows: number;
  readonly evalRows: number;
  readonly steps: number;
  readonly seconds: number;
  readonly trainableParameters: number;
  readonly evalLossBefore: number | null;
  readonly evalLossAfter: number | null;
  readonly losses: readonly LossPoint[];
  readonly evals: readonly LossPoint[];
  readonly comparison?: CardComparison | undefined;
}

/** Of a comparison, what a card says. */
type CardArm = Pick<Comparison["base"], "passed" | "rate" | "interval">;
export type CardComparison = Pick<Comparison, "n" | "difference" | "differenceInterval" | "sentence"> & {
  readonly base: CardArm;
  readonly tuned: CardArm;
};

export function runSections(run: RunFacts, beside: { hasCurve?: boolean; hasScript?: boolean }): string[] {
  return [...(run.comparison ? [evaluation(run.comparison)] : []), training(run, beside)];
}

const percent = (value: number) => `${(100 * value).toFixed(1)} %`;
const range = ({ low, high }: { low: number; high: number }) => `${percent(low)} to ${percent(high)}`;

function evaluation({ n, base, tuned, difference, differenceInterval, sentence }: CardComparison): string {
  const row = (name: string, { passed, rate, interval }: CardArm) =>
    `| ${name} | ${passed} of ${n} | ${percent(rate)} | ${range(interval)} |`;
  const table = [
    "| | Passed | Rate | 95 % interval |",
    "| --- | --- | ---: | --- |",
    row("Base", base),
    row("Tuned", tuned),
  ];
  const change = `The difference is ${percent(difference)} (95 % interval ${range(differenceInterval)}, paired).`;
  return ["## Evaluation", plain(sentence), table.join("\n"), change].join("\n\n");
}

const OPTIMIZERS = {
  adamw: "AdamW",
  adamw8: "AdamW with moments of 8 bits",
  sgd: "SGD with momentum",
  muon: "Muon, AdamW for embedding, head, norms and biases",
} as const;

function whatLearns({ trains, start, lora, full }: Recipe): string {
  if (trains === "lora")
    return `with ${lora.useDora ? "DoRA" : "LoRA"}: rank ${lora.rank}, alpha ${lora.alpha}, on ${lora.targets.join(", ")}`;
  const only = full.train.length > 0 ? ` only ${full.train.map(code).join(", ")}` : "";
  const but = full.freeze.length > 0 ? ` without ${full.freeze.map(code).join(", ")}` : "";
  return `of the weights themselves${only}${but}${start === "scratch" ? ", from random ones" : ""}`;
}

function training(run: RunFacts, { hasCurve = false, hasScript = false }: { hasCurve?: boolean; hasScript?: boolean }) {
  const { recipe, steps, seconds, trainableParameters, evalLossBefore, evalLossAfter } = run;
  const { optimizer, schedule, batch, data } = recipe;
  const rows: [string, string][] = [
    ["Data", `${code(run.dataset)}, ${run.trainRows} rows, ${run.evalRows} held out`],
    ["Method", `${recipe.method.toUpperCase()} ${whatLearns(recipe)}`],
    ["Trained parameters", trainableParameters.toLocaleString("en-US")],
    ["Steps", `${steps} of ${batch.size * batch.accumulate} rows, at most ${data.maxLength} tokens each`],
    ["Learning rate", `${optimizer.learningRate}, ${schedule.kind}, ${schedule.warmup} steps of warm-up`],
    [
      "Optimizer",
      `${OPTIMIZERS[optimizer.kind]}, weight decay ${optimizer.weightDecay}, gradients clipped at ${optimizer.maxGradNorm || "nothing"}`,
    ],
    ["Seed", `${recipe.seed}`],
    ["Time", `${Math.round(seconds)} s`],
    ...(evalLossBefore !== null && evalLossAfter !== null
      ? [
          ["Held-out loss", `${evalLossBefore.toFixed(4)} before, ${evalLossAfter.toFixed(4)} after`] as [
            string,
            string,
          ],
        ]
      : []),
  ];
  return [
    "## Training",
    ["| | |", "| --- | --- |", ...rows.map(([key, value]) => `| ${key} | ${value} |`)].join("\n"),
    ...(hasCurve ? ["![Loss by step](curves.svg)"] : []),
    "`recipe.json` holds every setting.",
    ...(hasScript
      ? [`\`train.py\` is the same run in Python, with TRL${recipe.trains === "full" ? "" : " and PEFT"}.`]
      : []),
  ].join("\n\n");
}
