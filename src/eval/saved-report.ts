/**
 * A saved evaluation, from its JSON or from the HTML that holds it. Only what was declared and what was answered is taken
 * from the file; every figure and sentence is made again from these, and what was edited after the run is named.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { embeddedJson } from "./report-view/embed";
import type { ArmAnswers } from "./run-arms";
import { hashOf, makeReport, ruleOf, type ShownCase, type SuiteReport } from "./suite-report";

const count = z.number().check(z.minimum(0));
const AnswerFile = z.object({
  ...{ caseId: z.string(), repeat: count, text: z.string(), pass: z.boolean(), score: z.number(), reason: z.string() },
  status: z.enum(["ok", "empty", "truncated", "timeout", "error", "code-timeout", "code-error"]),
  ...{ promptTokens: z.nullable(count), completionTokens: z.nullable(count), latencyMs: count },
  ...{ again: z.optional(z.literal(true)), metrics: z.optional(z.record(z.string(), z.number())) },
});
const Arm = z.object({
  ...{ arm: z.string(), provider: z.string(), answers: z.array(AnswerFile) },
  price: z.optional(z.object({ input: count, output: count })),
  model: z.optional(z.string()),
});
const Settings = z.object({
  ...{ seed: z.number(), repeats: z.int().check(z.minimum(1)), temperature: count, maxTokens: count },
  frame: z.enum(["chat", "plain"]),
});
const Declared = z.object({
  metric: z.enum(["pass rate", "mean score"]),
  margin: z.number().check(z.minimum(0), z.maximum(1)),
  rule: z.string(),
  suite: z.object({ name: z.string(), format: z.string(), cases: z.int().check(z.minimum(0)), sha256: z.string() }),
  ...{ arms: z.array(z.string()), settings: Settings, k: z.int().check(z.minimum(1)), model: z.string() },
  hashes: z.record(z.string(), z.nullable(z.string())),
});
const Message = z.object({ role: z.enum(["system", "user", "assistant"]), content: z.string() });
const ShownCaseFile = z.object({
  ...{ id: z.string(), input: z.union([z.string(), z.array(Message)]), tags: z.array(z.string()) },
  expected: z.optional(z.string()),
});
const TextLossFile = z.object({
  ...{ perplexity: z.number(), bitsPerByte: z.number(), tokens: count, bytes: count, errors: count },
});
const interval = z.object({ low: z.number(), high: z.number() });
const share = z.number().check(z.minimum(0), z.maximum(1));
const JudgedFile = z.object({
  ...{ before: z.string(), after: z.string(), judge: z.string(), criteria: z.string(), sentence: z.string() },
  ...{ wins: count, losses: count, ties: count, unclear: count, errors: count, placeBias: z.nullable(share) },
  interval,
  verdict: z.enum(["better", "worse", "inconclusive", "too-few"]),
});
const ForgettingFile = z.object({
  ...{ base: TextLossFile, tuned: TextLossFile, passages: count, difference: z.number(), interval },
  record: z.object({ wins: count, losses: count, ties: count }),
  verdict: z.enum(["better", "worse", "inconclusive", "too-few"]),
  sentence: z.string(),
});
const PartFile = z.object({
  ...{ name: z.string(), text: z.string(), lines: z.tuple([count, count]), effect: z.number(), interval },
  ...{ pValue: share, pHolm: share, verdict: z.enum(["helps", "hurts", "cannot tell"]), sentence: z.string() },
  ...{ cases: count, pairs: count, unanswered: count, gained: count, lost: count },
});
const AblationFile = z.object({ parts: z.array(PartFile), calls: count, notes: z.array(z.string()) });
const ReportFile = z.object({
  format: z.literal("burnish-eval/1"),
  ...{ declared: Declared, declaredSha256: z.string(), answersSha256: z.string() },
  sanity: z.array(z.object({ name: z.enum(["majority", "echo", "empty"]), passed: count, n: count })),
  ...{ arms: z.array(Arm), cases: z.optional(z.array(ShownCaseFile)) },
  general: z.optional(z.record(z.string(), TextLossFile)),
  pairwise: z.optional(z.array(JudgedFile)),
  ...{ forgetting: z.optional(ForgettingFile), ablation: z.optional(AblationFile) },
});

export interface SavedReport {
  readonly report: SuiteReport;
  /** What was changed after the run: "declaration", "answers", "cases". */
  readonly edited: readonly string[];
}

/** Of a .json or .html that Burnish wrote. Throws "file/malformed". */
export async function readReport(text: string, name: string): Promise<SavedReport> {
  const raw = parsed(embeddedJson(text) ?? text);
  const file = z.safeParse(ReportFile, raw);
  if (!file.success) {
    const [issue] = file.error.issues;
    throw new AppError("file/malformed", `${name} is no saved evaluation (${issue?.path.join(".") || "not JSON"}).`, {
      hint: "burnish eval --suite FILE --report out.html writes one; so does the room Evaluate.",
    });
  }
  // As the file has it rather than as the schema copied it: hashes are of the keys in their order, here and when it is
  // written again. Its own hash stays, so that a file does not lose the mark of an edit by being saved anew.
  const { declared, declaredSha256, answersSha256, arms, sanity, cases } = raw as typeof file.data;
  const made = await makeReport(
    { declared, declaredSha256 },
    arms as readonly ArmAnswers[],
    sanity,
    cases as readonly ShownCase[],
  );
  const edited = [
    ...((await hashOf(declared)) === declaredSha256 && declared.rule === ruleOf(declared) ? [] : ["declaration"]),
    ...(made.answersSha256 === answersSha256 ? [] : ["answers"]),
    ...(cases === undefined || (await hashOf(cases)) === declared.suite.sha256 ? [] : ["cases"]),
  ];
  return {
    report: { ...made, answersSha256, ...beside(raw as typeof file.data) },
    edited,
  };
}

/** What was measured besides the answers; it is told as the file has it. */
function beside(file: z.infer<typeof ReportFile>): Partial<SuiteReport> {
  const { general, forgetting, ablation, pairwise } = file;
  return {
    ...(general ? { general } : {}),
    ...(forgetting ? { forgetting } : {}),
    ...(ablation ? { ablation } : {}),
    ...(pairwise ? { pairwise } : {}),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
