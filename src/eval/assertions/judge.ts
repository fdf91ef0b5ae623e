/**
 * An answer and its case's assertions → one grade. As promptfoo counts: the score is the weighted mean; it passes when
 * every assertion that has a weight passes or, with a threshold, when the score reaches it.
 */
import type { AnswerContext, Assertion, AssertionType, Grade } from "./assertion";
import { graded } from "./assertion";
import { contains } from "./contains";
import { equals } from "./equals";
import { isJson } from "./json";
import { numeric } from "./numeric";
import { perplexity } from "./perplexity";
import { isRefusal } from "./refusal";
import { regex } from "./regex";
import { bleu, levenshtein, rouge } from "./words";

type PlainGrader = (output: string, assertion: Assertion, context: AnswerContext) => Grade;

const GRADERS: Readonly<Record<Exclude<AssertionType, "javascript" | "python" | "assert-set">, PlainGrader>> = {
  equals,
  contains,
  icontains: contains,
  "contains-any": contains,
  "contains-all": contains,
  "icontains-any": contains,
  "icontains-all": contains,
  "starts-with": contains,
  regex,
  "is-json": isJson,
  "contains-json": isJson,
  numeric,
  levenshtein,
  "rouge-n": rouge,
  "rouge-l": rouge,
  bleu,
  perplexity,
  "is-refusal": isRefusal,
};

/** How code ended. `error`, `timeout`: it broke a limit or the cage. `threw`: it failed without having decided. */
export interface CodeVerdict {
  readonly kind: "pass" | "fail" | "error" | "timeout";
  readonly threw?: boolean;
  readonly score: number;
  readonly reason: string;
}

/** Someone else's code, run in a cage. */
export type CodeGrader = (
  language: "javascript" | "python",
  code: string,
  output: string,
  context: unknown,
) => Promise<CodeVerdict>;

export interface CaseGrade extends Grade {
  /** The judge itself failed; the case is neither passed nor failed. */
  readonly error: boolean;
  /** It failed by taking too long. */
  readonly late: boolean;
  /** A check failed without having decided. */
  readonly undecided: boolean;
  readonly checks: readonly Grade[];
  /** Weighted mean of the scores of what shares a metric's name. */
  readonly metrics: Readonly<Record<string, number>>;
}

/** `undecided`: failed, and so would its opposite. */
type OneGrade = Grade & {
  readonly error?: boolean;
  readonly late?: boolean;
  readonly undecided?: boolean;
  readonly metrics?: Readonly<Record<string, number>>;
};

export async function judge(
  output: string,
  assertions: readonly Assertion[],
  threshold: number | undefined,
  context: AnswerContext,
  runCode: CodeGrader | null,
): Promise<CaseGrade> {
  const checks: OneGrade[] = [];
  for (const assertion of assertions) checks.push(await judgeOne(output, assertion, context, runCode));
  const weights = assertions.map(({ weight }) => weight);
  const sum = weights.reduce((a, b) => a + b, 0);
  const score = sum === 0 ? 1 : checks.reduce((all, check, i) => all + (weights[i] ?? 0) * check.score, 0) / sum;
  const failing = checks.filter(({ pass }, i) => !pass && (weights[i] ?? 0) > 0);
  const pass = threshold === undefined ? failing.length === 0 : score >= threshold - 1e-12;
  const reason = pass ? "All that was asked for." : failing.map((check) => check.reason).join(" ");
  const some = (flag: "error" | "late" | "undecided") => checks.some((check) => check[flag] === true);
  const faults = { error: some("error"), late: some("late"), undecided: !pass && some("undecided") };
  return { pass, score, reason, ...faults, checks, metrics: metricsOf(assertions, checks) };
}

/** A weight of 0 decides nothing and is measured all the same. */
function metricsOf(assertions: readonly Assertion[], checks: readonly OneGrade[]): Record<string, number> {
  const sums = new Map<string, { score: number; weight: number }>();
  for (const [i, { metric, weight }] of assertions.entries()) {
    if (metric === undefined) continue;
    const sum = sums.get(metric) ?? { score: 0, weight: 0 };
    const own = weight === 0 ? 1 : weight;
    sums.set(metric, { score: sum.score + own * (checks[i]?.score ?? 0), weight: sum.weight + own });
  }
  const inner = Object.assign({}, ...checks.map(({ metrics }) => metrics ?? {}));
  return { ...inner, ...Object.fromEntries([...sums].map(([name, { score, weight }]) => [name, score / weight])) };
}

async function judgeOne(
  output: string,
  assertion: Assertion,
  context: AnswerContext,
  runCode: CodeGrader | null,
): Promise<OneGrade> {
  const { type, not } = assertion;
  const made = await gradeOne(output, assertion, context, runCode);
  if (!not || made.error || made.undecided) return made;
  return { pass: !made.pass, score: 1 - made.score, reason: `Not wanted: ${made.reason} (not-${type})` };
}

async function gradeOne(
  output: string,
  assertion: Assertion,
  context: AnswerContext,
  runCode: CodeGrader | null,
): Promise<OneGrade> {
  const { type, value, threshold } = assertion;
  if (type === "assert-set") return judge(output, assertion.assert ?? [], threshold, context, runCode);
  if (type !== "javascript" && type !== "python") return GRADERS[type](output, assertion, context);
  if (!runCode) return { ...graded(false, `There is nothing here to run ${type} with.`), error: true };
  const { kind, threw, score, reason } = await runCode(type, String(value), output, { vars: context.vars });
  const pass = kind === "pass" && (threshold === undefined || score >= threshold);
  const faults = { error: kind === "error" || kind === "timeout", late: kind === "timeout", undecided: threw === true };
  return { pass, score: kind === "pass" ? score : 0, reason, ...faults };
}
