/** A sandbox's verdicts as a suite counts them; the sandbox itself stands in here. */
import { expect, test } from "vitest";
import type { Provider } from "@/eval/provider";
import { runArms } from "@/eval/run-arms";
import { sandboxJudges, sandboxRewards, taskProgram } from "@/eval/sandbox/judges";
import type { Program } from "@/eval/sandbox/program";
import type { Sandbox, Verdict } from "@/eval/sandbox/sandbox";
import type { Case } from "@/eval/suite";
import { summaryOf } from "@/eval/suite-report";

const verdict = (kind: Verdict["kind"], more: Partial<Verdict> = {}): Verdict => ({
  ...{ kind, threw: false, score: kind === "pass" ? 1 : 0, reason: kind, output: "", ms: 1, ...more },
});
const sandboxOf = (say: (text: string) => Verdict): Sandbox => ({
  run: async (program: Program) =>
    say(program.language === "python" ? program.candidate + program.test : program.input),
  close: () => {},
});
const saying = (text: string): Provider => ({
  name: "fake",
  complete: async (prompts) =>
    prompts.map(() => ({
      ...{ ok: true as const, text, promptTokens: 1, completionTokens: 1, truncated: false, latencyMs: 1, attempts: 1 },
    })),
});
const settings = { seed: 1, repeats: 1, temperature: 0, maxTokens: 9, frame: "plain" as const };
const suite = (cases: readonly Case[]) => ({ name: "s", format: "promptfoo" as const, cases });
const code = { kind: "mbpp" as const, tests: ["assert f() == 1"], setup: "", solution: "" };

test("a program that hits its limit or breaks the rules has not passed, and stays in the rate", async () => {
  const kinds = ["pass", "fail", "timeout", "error"] as const;
  const cases = kinds.map((id): Case => ({ id, input: "?", code: { ...code, tests: [id] }, assert: [], tags: [] }));
  const judges = sandboxJudges(sandboxOf((text) => verdict(kinds.find((kind) => text.includes(kind)) ?? "pass")));
  const arm = { name: "base", provider: saying("x"), context: null };
  const [answers] = await runArms(suite(cases), [arm], settings, judges);
  expect(answers && summaryOf(answers, 1)).toMatchObject({ passed: 1, rate: 0.25, timeouts: 1, errors: 1 });
  expect(new Map(answers?.answers.map(({ caseId, status }) => [caseId, status]))).toEqual(
    new Map([
      ["pass", "ok"],
      ["fail", "ok"],
      ["timeout", "code-timeout"],
      ["error", "code-error"],
    ]),
  );
});

test("an assertion that hits its limit says nothing of the model; one that throws fails, and so does its opposite", async () => {
  const one = (type: "javascript", not: boolean): Case => ({
    ...{ id: "1", input: "?", tags: [], assert: [{ type, not, value: "x", weight: 1 }] },
  });
  const run = async (said: Verdict, not: boolean) => {
    const arm = { name: "base", provider: saying("x"), context: null };
    const [answers] = await runArms(
      suite([one("javascript", not)]),
      [arm],
      settings,
      sandboxJudges(sandboxOf(() => said)),
    );
    return answers?.answers[0];
  };
  expect(await run(verdict("timeout"), false)).toMatchObject({ status: "timeout", pass: false });
  expect(await run(verdict("error"), true)).toMatchObject({ status: "error", pass: false });
  for (const not of [false, true]) {
    expect(await run(verdict("fail", { threw: true }), not)).toMatchObject({ status: "ok", pass: false });
  }
  expect(await run(verdict("fail"), true)).toMatchObject({ status: "ok", pass: true });
});

test("HumanEval's answer goes on with the text, or is the whole function between fences", () => {
  const task = {
    ...{ kind: "humaneval" as const, entryPoint: "f", test: "def check(c): pass", solution: "" },
    prompt: 'import math\n\ndef g(): return 1\n\ndef f(x):\n    """Doc."""\n',
  };
  const candidate = (text: string) => {
    const program = taskProgram(task, text);
    return program.language === "python" ? program.candidate : "";
  };
  expect(candidate("    return 2")).toBe(`${task.prompt}    return 2\n`);
  const head = "import math\n\ndef g(): return 1\n\n";
  expect(candidate("Here:\n```python\ndef f(x):\n    return 2\n```\nIt returns 2.")).toBe(
    `${head}def f(x):\n    return 2\n\n`,
  );
  expect(candidate("```\ndef f(x):\n    return 3")).toBe(`${head}def f(x):\n    return 3\n`);
});

test("rewards are the values, or the sentence of cause for every answer", async () => {
  const inputs = ["a", "b"].map((completion) => ({ prompt: "", completion, expected: "", tokens: 1, maxTokens: 2 }));
  const ask = (said: Verdict) => sandboxRewards(sandboxOf(() => said))("python", "x", inputs);
  expect(await ask(verdict("pass", { values: [1, "no"] }))).toEqual([1, "no"]);
  expect(await ask(verdict("pass", { values: [1] }))).toEqual(["pass", "pass"]);
  expect(await ask(verdict("timeout", { reason: "late." }))).toEqual(["late.", "late."]);
});
