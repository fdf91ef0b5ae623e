/** The probe of a run: its facts, what they come to in one sentence, and where else the same run could go, as plans say it. */
import type { Dataset } from "@/data/dataset-types";
import { AppError } from "@/errors";
import { dated } from "@/offload/hardware";
import { planJob } from "@/offload/plan";
import { factsOf, measuredRows } from "@/session/job";
import { memoryPlan, requireFit } from "@/session/ledger";
import type { OpenModel } from "@/session/open-model";
import { workloadOf } from "@/session/run";
import { startOf } from "@/session/trained";
import { isLong, type ProbeFacts, runProbe } from "@/train/probe";
import type { Recipe } from "@/train/recipe";
import type { ProbeReport } from "@/worker/api/probe";

/** As the recipe's `probe` says: before a long run, always, or never. */
export const wantsProbe = (recipe: Recipe): boolean =>
  recipe.method === "sft" && (recipe.probe === "always" || (recipe.probe === "auto" && isLong(recipe)));

/** Of supervised fine-tuning only: throws "usage" for other methods, and "memory/over-budget" like the run would. */
export async function probeRun(model: OpenModel, dataset: Dataset, recipe: Recipe): Promise<ProbeReport> {
  if (recipe.method !== "sft") {
    throw new AppError("usage", "Only supervised fine-tuning can be probed.", {
      hint: "Start the run; it can be stopped.",
    });
  }
  const { runtime, arch } = model;
  const work = workloadOf(model, dataset, recipe);
  requireFit(memoryPlan(arch, runtime.formats, recipe, work, runtime.target.limits));
  const trained = await startOf(model, recipe, "parameters of the probe");
  const rows = { trainRows: dataset.train, evalRows: dataset.eval };
  const facts = await runProbe({ runtime, ...trained, recipe, ...rows }).finally(() =>
    runtime.target.free(trained.buffer),
  );
  const reasons = against(facts);
  const { low, high } = facts.seconds;
  const sentence =
    reasons.length > 0
      ? `No go: ${reasons.join("; ")}.`
      : `Go: the loss starts where the base model is, falls from ${facts.overfit.first.toFixed(2)} to ${facts.overfit.last.toFixed(2)} on ${facts.overfit.rows} rows, and the run takes ${span(low, high)} here.`;
  return { ...facts, ok: reasons.length === 0, sentence, ...elsewhere(model, dataset, recipe) };
}

const SHOWN = 4;

/** The cheapest flavors that hold the run, by the dated list: a probe asks no network. */
function elsewhere(
  { arch, info }: OpenModel,
  dataset: Dataset,
  recipe: Recipe,
): Pick<ProbeReport, "cloud" | "pricesOf"> {
  const { rows, prices } = planJob(recipe, factsOf(info.name, arch, recipe), measuredRows(dataset, recipe), dated());
  const fitting = rows.filter(({ fits, weights }) => fits && (weights !== "full" || recipe.trains === "full"));
  const first = fitting.filter(({ flavor }, i) => fitting.findIndex((row) => row.flavor === flavor) === i);
  const cloud = first
    .slice(0, SHOWN)
    .map(({ flavor, weights, seconds, dollars }) => ({ hardware: `${flavor}, ${weights}`, seconds, dollars }));
  return { cloud, pricesOf: prices.date };
}

/** Throws AppError "run/no-go" with the probe's sentence. */
export function requireGo({ ok, sentence }: ProbeReport): void {
  if (ok) return;
  throw new AppError("run/no-go", sentence, {
    hint: 'Look at the data and the learning rate; probe "never" in the recipe starts the run all the same.',
  });
}

function against({ loss, overfit, finite }: ProbeFacts): string[] {
  return [
    finite ? "" : "a gradient is no longer a number",
    loss.same
      ? ""
      : `the loss at the first step is ${loss.first.toFixed(4)}, the base model's ${loss.base.toFixed(4)} on the same tokens`,
    overfit.falls
      ? ""
      : `${overfit.rows} rows cannot be learned by heart: ${overfit.first.toFixed(3)} to ${overfit.last.toFixed(3)} in ${overfit.steps} steps`,
  ].filter((reason) => reason !== "");
}

function span(low: number, high: number): string {
  const words = (seconds: number) => {
    if (seconds < 90) return `${Math.max(1, Math.round(seconds))} s`;
    return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
  };
  return `${words(low)} to ${words(high)}`;
}
