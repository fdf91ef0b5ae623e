/** The gates over the open data, with what only the session has: the model's tokens, its memory, and the hashed tests. */
import type { BaseSample, GateContext, TestSet } from "@/data/gates/gate";
import { knownTests } from "@/data/gates/known-tests";
import { testSetOf } from "@/data/gates/leakage";
import { prepareRow, type RawRow } from "@/data/gates/prepare";
import { bySeverity, requireAccepted, runGates } from "@/data/gates/run-gates";
import { lengthReport } from "@/data/lengths";
import { bucketOf } from "@/data/pack";
import { rawRows } from "@/data/raw-rows";
import type { Method } from "@/data/row";
import { scanDataset } from "@/data/source";
import { AppError } from "@/errors";
import type { Suite } from "@/eval/suite";
import { baseSample } from "@/session/base-sample";
import type { Core } from "@/session/core";
import { memoryPlan } from "@/session/ledger";
import type { OpenModel } from "@/session/open-model";
import type { Platform } from "@/session/platform";
import { workloadOf } from "@/session/run";
import type { Recipe } from "@/train/recipe";
import type { DataReport, Finding, LengthReport } from "@/worker/api/data";

export interface CheckOptions {
  readonly method?: Method;
  readonly base?: BaseSample | null;
  /** Cases that the tuned model is to be tested on: what they ask must not be trained on. */
  readonly suite?: Suite | null;
}

/** Without a model, or for another method than sft, only the gates that need no tokens speak. */
export async function checkData(
  core: Core,
  recipe: Recipe,
  { method = recipe.method, base = null, suite = null }: CheckOptions = {},
): Promise<DataReport> {
  const known = knownCheck(core, recipe, method);
  const usual = !base && !suite;
  if (usual && known.report) return known.report;
  const { rows, findings } = await sourceRows(core, recipe, method);
  const seen = { tokenizer: core.state.model?.tokenizer ?? null, recipe, base };
  const report = {
    findings: (usual ? known.findings : null) ?? (await findingsOf(core.platform, rows, findings, seen, suite)),
    lengths: await lengthsOf(core, rows, recipe),
    rows: rows.filter(({ held }) => !held).length,
  };
  core.state.check = { ...known, findings: report.findings, report };
  return report;
}

/** What is known of these rows from before, for this recipe, source and model. */
function knownCheck({ state }: Core, recipe: Recipe, method: Method): NonNullable<Core["state"]["check"]> {
  const { source, model, check } = state;
  const { data, seed, schedule, batch } = recipe;
  const key = JSON.stringify([{ ...data, accept: [] }, seed, schedule.steps, batch, method]);
  const same = check?.key === key && check.source === source && check.model === model;
  return same ? check : { key, source, model, findings: null, report: null };
}

/** What reading found and what the gates find, red first; the hashed tests are among what must not be trained on. */
export async function findingsOf(
  platform: Platform,
  rows: readonly RawRow[],
  read: readonly Finding[],
  seen: Omit<GateContext, "tests">,
  suite: Suite | null = null,
): Promise<Finding[]> {
  const tests = await humanEval(platform);
  const context: GateContext = {
    ...seen,
    tests: [...(tests ? [tests] : []), ...(suite ? [testSetOf(suite.name, textsOfSuite(suite))] : [])],
  };
  return bySeverity([...read, ...runGates(rows.map(prepareRow), context), ...(tests ? [] : [UNCHECKED])]);
}

/** With a sample of what the base model answers already, which takes seconds. */
export async function checkWithBase(core: Core, recipe: Recipe, suite: Suite | null): Promise<DataReport> {
  const base = await baseSample(core.requireModel(), await core.datasetFor(recipe), recipe);
  return checkData(core, recipe, { base, suite });
}

/** What the cases ask, and what they take for right. */
function textsOfSuite({ cases }: Suite): string[] {
  return cases.flatMap(({ input, expected }) => {
    const asked = typeof input === "string" ? input : input.map(({ content }) => content).join("\n");
    return [asked, `${asked}\n${expected ?? ""}`];
  });
}

/** Throws AppError "dataset/gate" where a red finding is not accepted by name. */
export async function requireClean(core: Core, recipe: Recipe): Promise<readonly Finding[]> {
  const known = knownCheck(core, recipe, recipe.method);
  let { findings } = known;
  if (!findings) {
    const { rows, findings: read } = await sourceRows(core, recipe, recipe.method);
    const seen = { tokenizer: core.state.model?.tokenizer ?? null, recipe, base: null };
    findings = await findingsOf(core.platform, rows, read, seen);
    core.state.check = { ...known, findings };
  }
  requireAccepted(findings, recipe.data.accept);
  return findings;
}

/** Rows, and what reading them found already. */
async function sourceRows(
  { state, datasetFor }: Core,
  recipe: Recipe,
  method: Method,
): Promise<{ rows: readonly RawRow[]; findings: readonly Finding[] }> {
  if (!state.source) throw new AppError("usage", "There is no dataset yet.", { hint: "Open a dataset first." });
  if (state.model && method === "sft") {
    const { rows, info } = await datasetFor({ ...recipe, method });
    return { rows, findings: info.findings };
  }
  const scanned = await scanDataset(state.source.files, method, true, recipe);
  const findings = [...scanned.train.findings, ...(scanned.eval?.findings ?? [])];
  return { rows: rawRows(scanned, recipe, state.model?.tokenizer ?? null), findings };
}

const HUMAN_EVAL = "contamination/humaneval.bin";
const loaded = new WeakMap<Platform, Promise<TestSet | null>>();
const UNCHECKED: Finding = {
  ...{ gate: "contamination", severity: "note", count: 0, rows: [] },
  message: "The list of HumanEval's runs could not be read, so rows were not compared with it.",
  why: "It ships with the app. Open the page again to have it loaded.",
};

/** Null where the file cannot be had: a run is not stopped by that, and the report says so. */
function humanEval(platform: Platform): Promise<TestSet | null> {
  const tests =
    loaded.get(platform) ??
    platform
      .bundled(HUMAN_EVAL)
      .then((blob) => blob.arrayBuffer())
      .then((bytes) => knownTests("HumanEval", new Uint8Array(bytes)))
      .catch(() => null);
  loaded.set(platform, tests);
  return tests;
}

async function lengthsOf(core: Core, rows: readonly RawRow[], recipe: Recipe): Promise<DataReport["lengths"]> {
  const lengths = rows.flatMap(({ tokens }) => (tokens ? [tokens.fullLength] : []));
  const report = lengthReport(lengths, recipe.data.maxLength);
  const { model } = core.state;
  return report && model ? { ...report, memory: await memoryAt(core, model, report, recipe) } : null;
}

/** Bytes of a run whose longest batch is full of rows of the suggested length. */
async function memoryAt(core: Core, model: OpenModel, { suggested }: LengthReport, recipe: Recipe): Promise<number> {
  const work = workloadOf(model, await core.datasetFor(recipe), recipe);
  const tokens = bucketOf(suggested * recipe.batch.size);
  const { arch, runtime } = model;
  const largest = { tokens, labels: tokens };
  return memoryPlan(arch, runtime.formats, recipe, { ...work, largest }, runtime.target.limits).total;
}
