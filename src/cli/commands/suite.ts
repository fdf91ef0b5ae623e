/** burnish eval --suite: cases with checks, every arm on all of them, one verdict. */
import { readFile, stat, writeFile } from "node:fs/promises";
import { basename } from "node:path";
import type { CommandContext } from "@/cli/command";
import { otherModels } from "@/cli/commands/eval-models";
import { openModel } from "@/cli/commands/shared";
import { choiceOf, skillAt } from "@/cli/commands/skill/open";
import { adapterFiles } from "@/cli/files";
import { table } from "@/cli/terminal";
import { AppError } from "@/errors";
import { points } from "@/eval/paired";
import { reportHtml } from "@/eval/report-view/html";
import { readSuite } from "@/eval/suite/read";
import type { ArmSummary, SuiteReport } from "@/eval/suite-report";
import { composeSkill } from "@/skill/compose";

const MOST_FILE = 64e6;

export async function evaluateSuite(context: CommandContext, path: string): Promise<void> {
  const { session, flags, terminal } = context;
  // The suite first: what is wrong with it is known before a model is loaded.
  const suite = readSuite(await textOf(path), basename(path));
  const textBefore = async (path: string | undefined) =>
    path === undefined ? undefined : composeSkill(await skillAt(path), choiceOf(flags));
  const [skill, previous] = [await textBefore(flags.skill), await textBefore(flags.previous)];
  const others = await otherModels(context);
  const repeats = flags.runs ?? 1;
  const k = flags.k ?? 1;
  if (k > repeats)
    throw new AppError("usage", `pass@${k} needs at least ${k} answers to a case.`, { hint: `Add --runs ${k}.` });
  const arms = flags.arms ?? [
    ...(flags.adapter === undefined ? ["base"] : ["base", "tuned"]),
    ...(skill === undefined ? [] : ["skill", "placebo"]),
    ...(previous === undefined ? [] : ["previous"]),
  ];
  if (flags.model !== undefined || others.length === 0) {
    if (flags.model === undefined) {
      throw new AppError("usage", "eval needs a model.", {
        hint: "--model, --onnx, or --endpoint with --endpoint-model.",
      });
    }
    await openModel(context, flags.model);
  }
  if (flags.adapter !== undefined) await session.loadAdapter(await adapterFiles(flags.adapter));
  const settings = {
    ...{ seed: flags.seed ?? 42, repeats, maxTokens: flags["max-tokens"] ?? 128 },
    temperature: flags.temperature ?? (repeats > 1 ? 0.8 : 0),
    ...(flags.place ? { place: flags.place } : {}),
  };
  const ask = {
    ...{
      suite,
      arms,
      settings: flags.frame ? { ...settings, frame: flags.frame } : settings,
      k,
      others,
      keep: true,
      general: flags.forgetting ?? false,
    },
    contexts: { ...(skill === undefined ? {} : { skill }), ...(previous === undefined ? {} : { previous }) },
    ...(flags.judge === undefined
      ? {}
      : { pairwise: { by: flags.judge, ...(flags.criteria === undefined ? {} : { criteria: flags.criteria }) } }),
  };
  const report = await session.evaluateSuite(ask, ({ arm, done, total }) => terminal.progress(arm, done, total));
  sayReport(context, report, k);
  if (flags.report !== undefined) await writeFile(flags.report, await reportHtml(report));
  if (flags.out !== undefined) await writeFile(flags.out, `${JSON.stringify(report)}\n`);
  terminal.emit({ type: "suite", ...report });
}

export function sayReport({ terminal }: CommandContext, report: SuiteReport, k: number): void {
  const columns = k > 1 ? [`pass@${k}`, `pass^${k}`] : [];
  const priced = report.summaries.some(({ cost }) => cost !== null);
  const row = (one: ArmSummary) => [
    ...[
      one.arm,
      `${one.passed}/${one.answers}`,
      percent(one.rate),
      `${percent(one.interval.low)} to ${percent(one.interval.high)}`,
    ],
    ...[one.empty, one.truncated, one.timeouts, one.errors].map(String),
    ...[one.tokensIn, one.tokensOut].map((count) => (count === null ? "–" : String(count))),
    one.latencyMs === null ? "–" : `${(one.latencyMs.median / 1000).toFixed(2)} s`,
    ...(priced ? [one.cost, one.costPerPass].map((cost) => (cost === null ? "–" : cost.toPrecision(3))) : []),
    ...(k > 1 ? [one.passAtK, one.passHatK].map((share) => (share === null ? "–" : percent(share))) : []),
  ];
  const head = [
    "arm",
    "passed",
    "rate",
    "95 % interval",
    "empty",
    "cut",
    "timeouts",
    "errors",
    "tokens in",
    "out",
    "latency",
    ...(priced ? ["cost", "per pass"] : []),
    ...columns,
  ];
  terminal.say(table([head, ...report.summaries.map(row)]));
  terminal.say(report.sentence);
  if (report.comparisons.length > 1) for (const { sentence } of report.comparisons) terminal.say(`  ${sentence}`);
  for (const { metric, before, after, difference, interval, pHolm } of report.secondary) {
    const range = `${points(interval.low)} to ${points(interval.high)}`;
    terminal.say(
      `  ${metric}, ${after} against ${before}: ${points(difference)} points (${range}), Holm's p ${pHolm.toFixed(3)}`,
    );
  }
  for (const { sentence } of report.pairwise ?? []) terminal.say(`  ${sentence}`);
  for (const [arm, { bitsPerByte, perplexity }] of Object.entries(report.general ?? {}))
    terminal.say(
      `  ${arm}, general text: ${bitsPerByte.toFixed(3)} bits per byte, perplexity ${perplexity.toFixed(2)}`,
    );
  if (report.forgetting) terminal.say(`  ${report.forgetting.sentence}`);
  const missing = report.arms.flatMap(({ answers }) => answers.filter(({ status }) => MISSING.has(status)));
  const again = missing.filter((answer) => answer.again).length;
  if (missing.length > 0) terminal.say(`  ${missing.length} answers could not be had or judged.`);
  if (again > 0) terminal.say(`  The same command again asks for ${again} of them alone; what was answered is kept.`);
  for (const note of [report.power, ...report.notes]) terminal.say(`  ${note}`);
}

const MISSING: ReadonlySet<string> = new Set(["error", "timeout"]);
const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

export async function textOf(path: string): Promise<string> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) throw new AppError("usage", `There is no file ${path}.`, { hint: "Check the path." });
  if (found.size > MOST_FILE) throw new AppError("file/too-large", `${path} is larger than ${MOST_FILE / 1e6} MB.`);
  return readFile(path, "utf8");
}
