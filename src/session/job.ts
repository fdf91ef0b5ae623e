/** A run as another machine gets it: what the model and the rows come to, and the rows themselves. Nothing is loaded. */
import { encodeDataset } from "@/data/dataset";
import type { Dataset, Scanned } from "@/data/dataset-types";
import { requireAccepted } from "@/data/gates/run-gates";
import { rawRows } from "@/data/raw-rows";
import { scanDataset, splitRows } from "@/data/source";
import { trlFiles, trlRow } from "@/data/trl-rows";
import { adapterLayout } from "@/model/adapter";
import { type Architecture, expectedTensors, parameterCount, projectionShape } from "@/model/architecture";
import type { DataFacts, ModelFacts } from "@/offload/facts";
import type { Here } from "@/offload/plan";
import { createRunStore } from "@/runs/store";
import { findingsOf } from "@/session/check";
import { dataSource } from "@/session/data-source";
import { modelFiles } from "@/session/model-files";
import type { Platform } from "@/session/platform";
import { sketchModel } from "@/session/read-model";
import { PROJECTIONS, parseRecipe, type Recipe } from "@/train/recipe";
import type { Finding } from "@/worker/api/data";
import type { JobFacts } from "@/worker/api/jobs";
import type { DatasetSource, ModelSource } from "@/worker/api/sources";

/** Characters of a token, where no tokenizer is there to count: few, so that a plan errs upwards. */
const CHARACTERS = 3;

/** A config.json alone will do; then tokens are estimated from characters and nothing is checked against a fingerprint. */
export async function jobFacts(
  platform: Platform,
  source: ModelSource,
  rows: DatasetSource,
  recipe: Recipe,
): Promise<JobFacts> {
  const { target } = await platform.openTarget();
  const found = await modelFiles(platform, source, { sketch: true });
  const { arch, tokenizer, template, name } = await sketchModel(found, "auto", target.limits);
  const { files } = await dataSource(platform, rows);
  const scanned = (await scanDataset(files, recipe.method, template !== null || !tokenizer, recipe)) as Scanned;
  const base = { name: found.name || name, revision: found.revision };
  const shared = {
    recipe: parseRecipe(recipe),
    base,
    model: factsOf(base.name, arch, recipe),
    here: await hereOf(platform, base.name),
  };
  if (!tokenizer) {
    const read = [...scanned.train.findings, ...(scanned.eval?.findings ?? [])];
    const findings = await findingsOf(platform, rawRows(scanned, recipe, null), read, {
      tokenizer,
      recipe,
      base: null,
    });
    return { ...shared, ...uncounted(scanned, recipe), findings };
  }
  const dataset = await encodeDataset(scanned, { tokenizer, template }, recipe);
  const seen = recipe.method === "sft" ? dataset.rows : rawRows(scanned, recipe, tokenizer);
  const findings = await findingsOf(platform, seen, dataset.info.findings, { tokenizer, recipe, base: null });
  return { ...shared, findings, data: measuredRows(dataset, recipe), files: await trlFiles(dataset) };
}

/** Throws AppError "dataset/gate" where a red finding is not accepted by name: such rows leave for no other machine either. */
export const requireTrainable = ({ findings, recipe }: JobFacts): void => requireAccepted(findings, recipe.data.accept);

export function factsOf(name: string, arch: Architecture, recipe: Recipe): ModelFacts {
  const products = PROJECTIONS.reduce((sum, projection) => {
    const [outputs, inputs] = projectionShape(arch, projection);
    return sum + outputs * inputs;
  }, 0);
  return {
    name,
    parameters: parameterCount(expectedTensors(arch, PROJECTIONS)),
    blockParameters: arch.layers * products,
    ...{ layers: arch.layers, hidden: arch.hidden, ffn: arch.ffn, vocab: arch.vocab, tied: arch.tied },
    queryWidth: arch.heads * arch.headDim,
    kvWidth: arch.kvHeads * arch.headDim,
    adapterParameters: adapterLayout(arch, recipe.lora).length,
  };
}

const sequencesOf = ({ method, grpo }: Recipe) => ({ sft: 1, dpo: 2, grpo: grpo.numGenerations })[method];

/** Of rows that are tokens already. */
export function measuredRows({ train, pairs, questions, eval: held }: Dataset, recipe: Recipe): DataFacts {
  const lengths =
    pairs?.train.map((pair) => Math.max(...pair.map(({ ids }) => ids.length))) ??
    questions?.map(({ promptIds }) => promptIds.length) ??
    train.map(({ ids }) => ids.length);
  return { rows: lengths.length, heldOut: held.length, lengths, sequences: sequencesOf(recipe), counted: true };
}

function uncounted(scanned: Scanned, recipe: Recipe): Pick<JobFacts, "data" | "files"> {
  const { train, held } = splitRows(scanned, recipe, null);
  const texts = train.map(({ row }) => JSON.stringify(trlRow(row)));
  const lengths = texts.map((text) => Math.min(recipe.data.maxLength, Math.ceil(text.length / CHARACTERS)));
  const lines = (all: readonly string[]) => all.map((text) => `${text}\n`).join("");
  return {
    data: { rows: train.length, heldOut: held.length, lengths, sequences: sequencesOf(recipe), counted: false },
    files: { train: lines(texts), held: lines(held.map(({ row }) => JSON.stringify(trlRow(row)))), fingerprint: null },
  };
}

/** The speed of the last run of this model that was kept here; null where there is none. */
async function hereOf(platform: Platform, name: string): Promise<Here | null> {
  const { records, files } = await platform.runs();
  for (const run of await createRunStore(records, files).list()) {
    const speeds = (run.series.tokens_per_second?.values ?? []).filter((value) => value !== null && value > 0);
    if (run.model.name !== name || speeds.length === 0) continue;
    const sorted = speeds.map(Number).sort((a, b) => a - b);
    return { engine: run.engine, tokensPerSecond: sorted[Math.floor(sorted.length / 2)] ?? null, fits: true };
  }
  return null;
}
