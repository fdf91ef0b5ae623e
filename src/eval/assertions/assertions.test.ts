import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { Completion, Prompt, Provider } from "../provider";
import type { Assertion, AssertionType } from "./assertion";
import { schemaFault } from "./json";
import { judge } from "./judge";
import { judgePairs } from "./pairwise";
import { regexFault } from "./regex";
import { editDistance, rougeL, rougeN, sentenceBleu } from "./words";

const golden = JSON.parse(
  readFileSync(new URL("../../../e2e/fixtures/statistics/golden.json", import.meta.url), "utf8"),
) as { rouge: [string, string, 1 | 2 | "L", number][]; bleu: [string, string, number][] };

const of = (type: AssertionType, value?: unknown, more: Partial<Assertion> = {}): Assertion => ({
  ...{ type, not: false, weight: 1, ...more },
  ...(value === undefined ? {} : { value }),
});
const run = (output: string, assertions: Assertion[], threshold?: number) =>
  judge(output, assertions, threshold, { vars: {} }, null);

test("ROUGE is rouge-score's, BLEU sacrebleu's", () => {
  for (const [said, wanted, n, score] of golden.rouge) {
    expect(n === "L" ? rougeL(said, wanted) : rougeN(said, wanted, n)).toBeCloseTo(score, 12);
  }
  for (const [said, wanted, score] of golden.bleu) expect(sentenceBleu(said, [wanted]), said).toBeCloseTo(score, 10);
});

describe("each type passes and fails", () => {
  const cases: [string, Assertion, boolean][] = [
    [" on\n", of("equals", "on"), true],
    ["On", of("equals", "on"), false],
    ['{"b":2,"a":[1]}', of("equals", { a: [1], b: 2 }), true],
    ["The LAMP", of("contains", "lamp"), false],
    ["The LAMP", of("icontains", "lamp"), true],
    ["one two", of("contains-all", ["one", "three"]), false],
    ["one two", of("contains-any", "three, two"), true],
    ["ONE", of("icontains-all", ["one"]), true],
    ["ONE", of("icontains-any", ["two"]), false],
    ["yes!", of("starts-with", "yes"), true],
    ["a1b", of("regex", "\\d"), true],
    ["ab", of("regex", "(?i)^AB$"), true],
    ["ab", of("regex", "\\d"), false],
    ["[1, 2]", of("is-json"), true],
    ["so: [1, 2]", of("is-json"), false],
    ['so: {not} {"a": "}"} end', of("contains-json", { required: ["a"] }), true],
    ['{"a": 1}', of("is-json", { type: "object", required: ["b"] }), false],
    ["it is 2.251", of("numeric", 2.25, { threshold: 0.01 }), true],
    ["it is 2", of("numeric", 2.25), false],
    ["kitten", of("levenshtein", "sitting", { threshold: 3 }), true],
    ["kitten", of("levenshtein", "sitting", { threshold: 2 }), false],
    ["the cat sat", of("rouge-n", "the cat sat"), true],
    ["a dog", of("rouge-l", "the cat sat"), false],
    ["a b c d e", of("bleu", ["x", "a b c d e"]), true],
    ["I'm sorry, but I can't help with that.", of("is-refusal"), true],
    ["Say: I cannot come. That declines politely.", of("is-refusal"), true],
    ["Paris.", of("is-refusal"), false],
    ["Paris.", of("is-refusal", undefined, { not: true }), true],
  ];
  test.each(cases)("%s", async (output, assertion, pass) => {
    expect(await run(output, [assertion])).toMatchObject({ pass, error: false });
  });
});

test("weights and thresholds count as promptfoo's do", async () => {
  const three = [of("contains", "a", { weight: 3 }), of("contains", "b")];
  expect(await run("a", three)).toMatchObject({ pass: false, score: 0.75 });
  expect(await run("a", three, 0.75)).toMatchObject({ pass: true });
  expect(await run("a", [of("contains", "a"), of("contains", "b", { weight: 0 })])).toMatchObject({
    pass: true,
    score: 1,
  });
  const set = of("assert-set", undefined, { threshold: 0.5, assert: [of("contains", "a"), of("contains", "b")] });
  expect(await run("a", [set])).toMatchObject({ pass: true, score: 0.5 });
  expect(await run("c", [{ ...set, not: true }])).toMatchObject({ pass: true, score: 1 });
});

test("perplexity needs log-probabilities", async () => {
  const check = [of("perplexity", undefined, { threshold: 3 })];
  expect(await run("x", check)).toMatchObject({ pass: false });
  const likelihood = { logprob: -2, tokens: 2 };
  expect(await judge("x", check, undefined, { vars: {}, likelihood }, null)).toMatchObject({ pass: true });
});

test("code without a cage is an error, and so is a cage that failed, negated or not", async () => {
  expect(await run("x", [of("python", "True")])).toMatchObject({ pass: false, error: true });
  const broken = async () => ({ kind: "error" as const, score: 0, reason: "it went away" });
  const check = [of("javascript", "true", { not: true })];
  expect(await judge("x", check, undefined, { vars: {} }, broken)).toMatchObject({ pass: false, error: true });
});

test("a pattern that hangs a backtracking matcher does not hang this one", async () => {
  const started = performance.now();
  await run(`${"a".repeat(50_000)}!`, [of("regex", "^(a+)+$"), of("regex", "(a|aa)+$"), of("regex", "(.*)*x")]);
  expect(performance.now() - started).toBeLessThan(5_000);
  expect(regexFault("(?=a)b")).toContain("look-around");
  expect(regexFault("(a)\\1")).toContain("look-around");
  expect(schemaFault({ properties: { a: { pattern: "^(a+)+$" } } })).toContain("forever");
  expect(schemaFault({ $ref: "https://elsewhere.example/x.json" })).toContain("elsewhere");
  expect(schemaFault({ type: "object", properties: { a: { pattern: "^[a-z]+$" } } })).toBeNull();
});

test("edit distance is symmetric and exact", () => {
  expect(editDistance("kitten", "sitting")).toBe(3);
  expect(editDistance("", "abc")).toBe(3);
  expect(editDistance("flaw", "lawn")).toBe(editDistance("lawn", "flaw"));
});

test("a judge that prefers a place says nothing of the answers", async () => {
  const provider = (vote: (prompt: string) => string): Provider => ({
    name: "judge",
    complete: async (prompts: readonly Prompt[]) =>
      prompts.map((prompt): Completion => {
        const text = vote(typeof prompt === "string" ? prompt : (prompt.at(-1)?.content ?? ""));
        const counts = { promptTokens: 1, completionTokens: 1, truncated: false, latencyMs: 1, attempts: 1 };
        return { ok: true, text, ...counts };
      }),
  });
  const pairs = [
    { question: "q", a: "good", b: "bad" },
    { question: "q", a: "bad", b: "good" },
  ];
  const fair = await judgePairs(
    provider((prompt) => (/answer-1>\ngood/.test(prompt) ? "1" : "2")),
    pairs,
    "",
    { seed: 1 },
  );
  expect(fair).toEqual({ verdicts: ["a", "b"], placeBias: 0 });
  const first = await judgePairs(
    provider(() => "1."),
    pairs,
    "",
    { seed: 1 },
  );
  expect(first).toEqual({ verdicts: ["tie", "tie"], placeBias: 1 });
  expect(
    (
      await judgePairs(
        provider(() => "perhaps"),
        pairs,
        "",
        { seed: 1 },
      )
    ).verdicts,
  ).toEqual(["unclear", "unclear"]);
});
