/** A run over a suite without an engine: answers that differ by arm, so that every part of a report has something to show. */
import type { AnswerStatus, ArmAnswers, RunEvent } from "@/eval/run-arms";
import { declare, makeReport, type SuiteReport } from "@/eval/suite-report";
import type { PageSession } from "@/worker/client";

type SuiteAsk = Parameters<PageSession["evaluateSuite"]>[0];

export async function mockSuite(
  ask: SuiteAsk,
  onEvent: (event: RunEvent) => void,
  wait: () => Promise<unknown>,
): Promise<SuiteReport> {
  const { suite, arms: names, settings, k, metric = "pass rate", margin = 0 } = ask;
  const frame = settings.frame ?? "plain";
  const hashes = { "SHA-256 of the model": "5f".repeat(32) };
  const declaration = await declare(suite, names, { ...settings, frame }, "ember", { metric, margin, k, hashes });
  const arms: ArmAnswers[] = [];
  for (const [at, arm] of names.entries()) {
    await wait();
    onEvent({ arm, done: suite.cases.length, total: suite.cases.length });
    const answers = suite.cases.map((one, i) => {
      const pass = (i * 7 + at * 3) % 10 < 3 + 2 * at;
      const status: AnswerStatus = i === 5 && at === 1 ? "timeout" : i === 8 ? "empty" : "ok";
      const good = pass && status === "ok";
      const text =
        status === "ok" ? (good ? (one.expected ?? "yes") : `${one.expected ?? "no"} and some more words`) : "";
      const tokens = { promptTokens: 20, completionTokens: 9 };
      return {
        caseId: one.id,
        repeat: 0,
        status,
        text,
        pass: good,
        score: Number(good),
        reason: good ? "Equal." : "Not equal.",
        ...tokens,
        latencyMs: 120 + i,
      };
    });
    arms.push({ arm, provider: "ember", answers });
  }
  const sanity = [{ name: "majority" as const, passed: 3, n: suite.cases.length }];
  return makeReport(declaration, arms, sanity, suite.cases);
}

export const MOCK_SIZE: Awaited<ReturnType<PageSession["skillSize"]>> = {
  model: "ember",
  parts: [
    { kind: "about", name: "name and description", tokens: 31 },
    { kind: "body", name: "body", tokens: 412 },
    { kind: "section", name: "When to use it", tokens: 120 },
  ],
  fit: {
    skill: 412,
    question: 40,
    answer: 64,
    context: 512,
    fits: false,
    sentence:
      "It does not fit: 412 tokens of skill, 40 of the longest question, 64 for the answer make 532, the model holds 512.",
  },
  ...{ long: false, marks: [] },
};
