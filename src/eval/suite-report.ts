/**
 * What a run over a suite leaves behind, as JSON. What is measured and how it is decided are declared and hashed before the
 * first answer; a file whose declaration or answers were edited afterwards says so when it is read again.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { sha256Hex } from "@/util/sha256";
import { comparePair, type PairedComparison, points } from "./paired";
import type { Answer, ArmAnswers, RunSettings, TextLoss } from "./run-arms";
import type { SanityArm } from "./sanity";
import { wilson } from "./statistics";
import { byCase } from "./statistics/clusters";
import { passAtK, passHatK } from "./statistics/many";
import { powerMeter } from "./statistics/power";
import { type Suite, suiteHash } from "./suite";

const RULE =
  "pass rate on the same cases; better or worse when Newcombe's paired 95 % interval leaves 0 out; no verdict below 20 cases";

export interface Declaration {
  readonly metric: "pass rate";
  readonly rule: string;
  readonly suite: { readonly name: string; readonly format: string; readonly cases: number; readonly sha256: string };
  readonly arms: readonly string[];
  readonly settings: RunSettings;
  readonly model: string;
}

export interface ArmSummary {
  readonly arm: string;
  readonly provider: string;
  readonly answers: number;
  readonly passed: number;
  /** Of answers that were had. */
  readonly rate: number;
  /** Wilson's over cases; repeats are averaged first. */
  readonly interval: { readonly low: number; readonly high: number };
  readonly empty: number;
  readonly truncated: number;
  readonly timeouts: number;
  readonly errors: number;
  readonly tokensIn: number | null;
  readonly tokensOut: number | null;
  readonly passAtK: number | null;
  readonly passHatK: number | null;
}

export interface SuiteReport {
  readonly format: "burnish-eval/1";
  readonly declared: Declaration;
  /** SHA-256 of `declared`, and of `arms`. */
  readonly declaredSha256: string;
  readonly answersSha256: string;
  readonly power: string;
  readonly summaries: readonly ArmSummary[];
  /** Every other arm against the first. */
  readonly comparisons: readonly PairedComparison[];
  readonly sanity: readonly SanityArm[];
  readonly sentence: string;
  readonly notes: readonly string[];
  /** Of the model as it was run, arm by arm, on general text: what may have been forgotten. */
  readonly general?: Readonly<Record<string, TextLoss>>;
  readonly arms: readonly ArmAnswers[];
}

const hashOf = (value: unknown) => sha256Hex(new TextEncoder().encode(JSON.stringify(value)));

export async function declare(
  suite: Suite,
  arms: readonly string[],
  settings: RunSettings,
  model: string,
): Promise<{ declared: Declaration; declaredSha256: string }> {
  const { name, format, cases } = suite;
  const about = { name, format, cases: cases.length, sha256: await suiteHash(suite) };
  const declared = { metric: "pass rate" as const, rule: RULE, suite: about, arms, settings, model };
  return { declared, declaredSha256: await hashOf(declared) };
}

export async function makeReport(
  { declared, declaredSha256 }: { readonly declared: Declaration; readonly declaredSha256: string },
  arms: readonly ArmAnswers[],
  sanity: readonly SanityArm[],
  k: number,
): Promise<SuiteReport> {
  const sides = arms.map(({ arm, answers }) => ({ name: arm, answers }));
  const [first, ...others] = sides;
  const comparisons = first ? others.map((side) => comparePair(first, side, declared.settings.seed)) : [];
  const summaries = arms.map((arm) => summaryOf(arm, k));
  return {
    ...{ format: "burnish-eval/1", declared, declaredSha256, answersSha256: await hashOf(arms) },
    ...{ power: powerMeter(declared.suite.cases).sentence, summaries, comparisons, sanity, arms },
    sentence: sentenceOf(summaries, comparisons),
    notes: notesOf(arms, sanity, declared.settings),
  };
}

export function summaryOf({ arm, provider, answers }: ArmAnswers, k: number): ArmSummary {
  const count = (status: Answer["status"]) => answers.filter((answer) => answer.status === status).length;
  const had = answers.filter(({ status }) => status !== "error" && status !== "timeout");
  const groups = [...byCase(had).values()].map((group) => ({
    n: group.length,
    c: group.filter(({ pass }) => pass).length,
  }));
  const average = (of: (n: number, c: number) => number) =>
    groups.reduce((sum, { n, c }) => sum + of(n, c), 0) / Math.max(1, groups.length);
  const enough = k > 1 && groups.length > 0 && groups.every(({ n }) => n >= k);
  const tokens = (of: (answer: Answer) => number | null) =>
    had.reduce((sum: number | null, answer) => {
      const own = of(answer);
      return sum === null || own === null ? null : sum + own;
    }, 0);
  const rate = average((n, c) => c / n);
  return {
    ...{ arm, provider, answers: answers.length, passed: had.filter(({ pass }) => pass).length, rate },
    interval: wilson(rate * groups.length, groups.length),
    ...{ empty: count("empty"), truncated: count("truncated"), timeouts: count("timeout"), errors: count("error") },
    ...{ tokensIn: tokens(({ promptTokens }) => promptTokens), tokensOut: tokens((answer) => answer.completionTokens) },
    passAtK: enough ? average((n, c) => passAtK(n, c, k)) : null,
    passHatK: enough ? average((n, c) => passHatK(n, c, k)) : null,
  };
}

/** One sentence: a single arm's rate, two arms' difference, or the 2×2 of weights and skill. */
function sentenceOf(summaries: readonly ArmSummary[], comparisons: readonly PairedComparison[]): string {
  const [only] = summaries;
  if (!only) return "Nothing was run.";
  if (comparisons.length === 0) {
    const percent = (share: number) => Math.round(100 * share);
    return `${only.arm} passes ${only.passed} of ${only.answers} answers (95 % interval ${percent(only.interval.low)} to ${percent(only.interval.high)} %).`;
  }
  const found = (after: string) => comparisons.find((one) => one.before === "base" && one.after === after);
  const [tuned, skill, both] = [found("tuned"), found("skill") ?? found("base+skill"), found("tuned+skill")];
  if (tuned && skill && both) {
    const says = ({ difference, verdict }: PairedComparison) => `${points(difference)} points (${verdict})`;
    return `Against base on the same ${both.cases} cases, tuning alone gives ${says(tuned)}, the skill alone ${says(skill)}, both together ${says(both)}.`;
  }
  return comparisons.map(({ sentence }) => sentence).join(" ");
}

function notesOf(arms: readonly ArmAnswers[], sanity: readonly SanityArm[], settings: RunSettings): string[] {
  const notes = sanity
    .filter(({ passed, n }) => n >= 10 && passed / n >= 0.5)
    .map(
      ({ name, passed, n }) =>
        `The suite is weak: the ${name} answer passes ${passed} of ${n} cases without any model.`,
    );
  const byId = byCase(arms.flatMap(({ answers }) => answers));
  const alike = [...byId.values()].filter((group) => group.every(({ pass }) => pass === group[0]?.pass)).length;
  if (arms.length > 1 && alike > 0)
    notes.push(`${alike} of ${byId.size} cases end the same in every arm and tell nothing of the difference.`);
  if (settings.temperature === 0) {
    notes.push("Temperature 0: answers are deterministic, the interval is about the cases only.");
    if (settings.repeats > 1) notes.push("Repeats at temperature 0 are the same answer again.");
  }
  return notes;
}

const AnswerFile = z.object({
  ...{
    caseId: z.string(),
    repeat: z.number(),
    text: z.string(),
    pass: z.boolean(),
    score: z.number(),
    reason: z.string(),
  },
  status: z.enum(["ok", "empty", "truncated", "timeout", "error"]),
  ...{ promptTokens: z.nullable(z.number()), completionTokens: z.nullable(z.number()), latencyMs: z.number() },
});
const ReportFile = z.looseObject({
  format: z.literal("burnish-eval/1"),
  declared: z.looseObject({
    suite: z.looseObject({ name: z.string(), sha256: z.string() }),
    rule: z.string(),
    model: z.string(),
  }),
  ...{ declaredSha256: z.string(), answersSha256: z.string() },
  arms: z.array(z.object({ arm: z.string(), provider: z.string(), answers: z.array(AnswerFile) })),
});

export interface SavedReport {
  readonly model: string;
  readonly suite: { readonly name: string; readonly sha256: string };
  readonly arms: readonly ArmAnswers[];
  /** What was changed after the run: "declaration", "answers". */
  readonly edited: readonly string[];
}

/** Throws "file/malformed". */
export async function readReport(text: string, name: string): Promise<SavedReport> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = null;
  }
  const parsed = z.safeParse(ReportFile, value);
  if (!parsed.success) {
    throw new AppError("file/malformed", `${name} is no saved evaluation.`, {
      hint: "burnish eval --suite FILE --out FILE.json writes one.",
    });
  }
  const { declared, arms, declaredSha256, answersSha256 } = parsed.data;
  // Hashes are of what the file says, before any schema reordered its keys.
  const raw = value as { declared: unknown; arms: unknown };
  const edited = [
    ...((await hashOf(raw.declared)) === declaredSha256 ? [] : ["declaration"]),
    ...((await hashOf(raw.arms)) === answersSha256 ? [] : ["answers"]),
  ];
  const { suite, model } = declared;
  return { model, suite: { name: suite.name, sha256: suite.sha256 }, arms, edited };
}
