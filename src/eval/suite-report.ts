/**
 * What a run over a suite leaves behind, as JSON. What is measured and how it is decided are declared and hashed before the
 * first answer; a file that was edited afterwards says so when it is read again (`saved-report.ts`).
 */
import { sha256Hex } from "@/util/sha256";
import type { Ablation } from "./ablation";
import type { Forgetting } from "./forgetting";
import type { JudgedPair } from "./judge-arms";
import type { TextLoss } from "./likelihood";
import { comparePair, type Decision, type PairedComparison, points } from "./paired";
import { costOfTokens, costPerPass } from "./provider";
import type { Answer, ArmAnswers, RunSettings } from "./run-arms";
import type { SanityArm } from "./sanity";
import { type SecondaryMetric, secondaryMetrics } from "./secondary";
import { wilson } from "./statistics";
import { byCase } from "./statistics/clusters";
import { passAtK, passHatK } from "./statistics/many";
import { powerMeter } from "./statistics/power";
import { type Case, type Suite, suiteHash } from "./suite";

export interface Declaration extends Decision {
  readonly rule: string;
  readonly suite: { readonly name: string; readonly format: string; readonly cases: number; readonly sha256: string };
  readonly arms: readonly string[];
  readonly settings: RunSettings;
  /** For pass@k. */
  readonly k: number;
  readonly model: string;
  /** Of what was run, by label: "SHA-256 of the model" …; null: not known. */
  readonly hashes: Readonly<Record<string, string | null>>;
}

/** What a person may choose before a run, besides suite, arms and settings. */
export type Choices = Partial<Decision> & { readonly k?: number; readonly hashes?: Declaration["hashes"] };

export function ruleOf({ metric, margin }: Decision): string {
  const interval = metric === "pass rate" ? "Newcombe's paired" : "the bootstrapped (BCa)";
  const beyond = margin === 0 ? "leaves 0 out" : `lies beyond ${Math.round(margin * 100)} points`;
  return `${metric} on the same cases; better or worse when ${interval} 95 % interval ${beyond}; no verdict below 20 cases`;
}

/** A case as a report shows it; a report holds the suite's whole cases, so that its hash can be taken again. */
export type ShownCase = Pick<Case, "id" | "input" | "expected" | "tags">;

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
  /** Of answers that were had, from asking to the last token. */
  readonly latencyMs: { readonly median: number; readonly p95: number } | null;
  /** In the price's currency; null where a price or a count of tokens is missing. */
  readonly cost: number | null;
  readonly costPerPass: number | null;
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
  /** Every other arm of a model against its first, and each model's first against the first model's. */
  readonly comparisons: readonly PairedComparison[];
  /** Beside what decides; adjusted for how many they are. */
  readonly secondary: readonly SecondaryMetric[];
  readonly sanity: readonly SanityArm[];
  readonly sentence: string;
  readonly notes: readonly string[];
  /** Of the model as it was run, arm by arm, on general text: what may have been forgotten. */
  readonly general?: Readonly<Record<string, TextLoss>>;
  /** The open model without and with its adapter on the same text, where both were measured. */
  readonly forgetting?: Forgetting;
  /** What leaving out each part of the skill did, where that was asked. */
  readonly ablation?: Ablation;
  /** A model's opinion of the same pairs, where one was asked. */
  readonly pairwise?: readonly JudgedPair[];
  readonly arms: readonly ArmAnswers[];
  readonly cases?: readonly ShownCase[];
  /** Ended by hand before every arm had answered every case. */
  readonly stopped?: { readonly had: number; readonly planned: number };
}

/** Of a value as JSON. */
export const hashOf = (value: unknown) => sha256Hex(new TextEncoder().encode(JSON.stringify(value)));

export async function declare(
  suite: Suite,
  arms: readonly string[],
  settings: RunSettings,
  model: string,
  { metric = "pass rate", margin = 0, k = 1, hashes = {} }: Choices = {},
): Promise<{ declared: Declaration; declaredSha256: string }> {
  const { name, format, cases } = suite;
  const about = { name, format, cases: cases.length, sha256: await suiteHash(suite) };
  const decision = { metric, margin, rule: ruleOf({ metric, margin }) };
  const declared = { ...decision, suite: about, arms, settings, k, model, hashes };
  return { declared, declaredSha256: await hashOf(declared) };
}

export async function makeReport(
  { declared, declaredSha256 }: { readonly declared: Declaration; readonly declaredSha256: string },
  arms: readonly ArmAnswers[],
  sanity: readonly SanityArm[],
  cases: readonly ShownCase[] = [],
): Promise<SuiteReport> {
  const { settings, suite, k } = declared;
  const side = ({ arm, answers }: ArmAnswers) => ({ name: arm, answers });
  const pairs = pairsOf(arms);
  const comparisons = pairs.map(([before, after]) => comparePair(side(before), side(after), settings.seed, declared));
  const summaries = arms.map((arm) => summaryOf(arm, k));
  const had = arms.reduce((sum, { answers }) => sum + answers.length, 0);
  const planned = arms.length * suite.cases * settings.repeats;
  const stopped = had < planned ? { had, planned } : undefined;
  const said = sentenceOf(summaries, comparisons);
  return {
    ...{ format: "burnish-eval/1", declared, declaredSha256, answersSha256: await hashOf(arms) },
    ...{ power: powerMeter(suite.cases).sentence, summaries, comparisons, sanity, arms },
    sentence: stopped ? `${stoppedSentence(stopped)} ${said}` : said,
    secondary: secondaryMetrics(pairs, declared, settings.seed),
    notes: notesOf(arms, sanity, settings),
    ...(cases.length > 0 ? { cases } : {}),
    ...(stopped ? { stopped } : {}),
  };
}

/** What is compared with what: a model's arms with its own first one, and the first ones among each other. */
export function pairsOf<T extends Pick<ArmAnswers, "arm" | "model">>(arms: readonly T[]): (readonly [T, T])[] {
  const [baseline] = arms;
  if (!baseline) return [];
  return arms.slice(1).map((arm) => {
    const own = arms.find(({ model }) => model === arm.model) ?? baseline;
    return [own === arm ? baseline : own, arm] as const;
  });
}

function stoppedSentence({ had, planned }: NonNullable<SuiteReport["stopped"]>): string {
  return `Stopped after ${had} of ${planned} answers. A run that ends when somebody likes what it shows proves nothing, so what follows is no verdict.`;
}

export function summaryOf({ arm, provider, price, answers }: ArmAnswers, k: number): ArmSummary {
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
  const passed = had.filter(({ pass }) => pass).length;
  const [tokensIn, tokensOut] = [tokens(({ promptTokens }) => promptTokens), tokens((one) => one.completionTokens)];
  const cost = costOfTokens(tokensIn, tokensOut, price);
  return {
    ...{ arm, provider, answers: answers.length, passed, rate },
    interval: wilson(rate * groups.length, groups.length),
    ...{ empty: count("empty"), truncated: count("truncated") },
    ...{ timeouts: count("timeout") + count("code-timeout"), errors: count("error") + count("code-error") },
    ...{ tokensIn, tokensOut, latencyMs: latencyOf(had), cost, costPerPass: costPerPass(cost, passed) },
    passAtK: enough ? average((n, c) => passAtK(n, c, k)) : null,
    passHatK: enough ? average((n, c) => passHatK(n, c, k)) : null,
  };
}

function latencyOf(had: readonly Answer[]): ArmSummary["latencyMs"] {
  const sorted = had.map(({ latencyMs }) => latencyMs).sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return sorted.length === 0 ? null : { median: at(0.5), p95: at(0.95) };
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
  const ended = arms.flatMap(({ answers }) => answers).filter(({ status }) => status.startsWith("code-")).length;
  if (ended > 0) {
    notes.push(
      `${ended} answers are programs that ran into their limit or broke the sandbox's rules: they count as not passed.`,
    );
  }
  return notes;
}
