/** GRPO whose reward is someone's code: it teaches, is counted where it fails, and halts the run where it fails whole. */
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Session } from "@/session/contract";
import { adapterHash, jsonRows, openTinySession, watch } from "@/session/tiny-session";
import type { RunEvent } from "@/worker/api/run";

let session: Session;
beforeAll(async () => {
  session = await openTinySession();
});
afterAll(() => session.release());

const rows = Array.from({ length: 8 }, (_, i) => ({ prompt: `${i} and `, answer: "aeiou" }));
type Language = "python" | "javascript";

const recipe = (language: Language, code: string, steps = 4) => ({
  ...{ method: "grpo" as const, data: { holdout: 0, maxLength: 64 }, lora: { rank: 4, alpha: 8 } },
  ...{ batch: { size: 2 }, schedule: { steps, kind: "constant" as const }, optimizer: { learningRate: 3e-2 } },
  grpo: { numGenerations: 4, maxCompletionLength: 8, rewards: [{ name: language, code }] },
});

/** The share of an answer's letters that are vowels: something a random model can learn. */
const VOWELS: Readonly<Record<Language, string>> = {
  python: `
def reward(completions, prompts, answer, **kwargs):
    assert len(completions) == len(prompts) == len(answer)
    return [sum(c in letters for c in text) / max(1, len(text)) for text, letters in zip(completions, answer)]
`,
  javascript: "[...completion].filter((c) => answer.includes(c)).length / Math.max(1, completion.length)",
};

async function rewardsOf(made: ReturnType<typeof recipe>): Promise<number[]> {
  const given: number[] = [];
  await session.openDataset(jsonRows(rows), made);
  await session.train(made, (events: readonly RunEvent[]) => {
    for (const event of events) if (event.type === "step") given.push(event.scalars?.reward ?? Number.NaN);
  });
  return given;
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test("code in Python and in JavaScript gives the same rewards, the same run, and the model learns from them", async () => {
  const longer = (language: Language) => ({ ...recipe(language, VOWELS[language], 30), batch: { size: 4 } });
  const python = await rewardsOf(longer("python"));
  const hash = await adapterHash(session);
  expect(python).toHaveLength(30);
  expect(mean(python.slice(-6))).toBeGreaterThan(mean(python.slice(0, 6)) + 0.1);
  expect(await rewardsOf(longer("javascript"))).toEqual(python);
  expect(await adapterHash(session)).toBe(hash);
});

test("answers on which it throws or gives no number are counted, and the others still teach", async () => {
  const code = `
def reward(completions, **kwargs):
    def one(text):
        if len(text) % 3 == 0: raise ValueError("a third")
        return float("nan") if len(text) % 3 == 1 else float(len(text))
    return [one(text) for text in completions]
`;
  const made = recipe("python", code);
  await session.openDataset(jsonRows(rows), made);
  const heard = watch(session);
  await session.train(made, heard.onEvent);
  expect(heard.losses.size).toBe(4);
  expect(heard.warnings.join(" ")).toMatch(/"python" failed on \d+ of 8 answers: (ValueError: a third|it gave nan)/);
});

test.each([
  ["throws on every answer", "python", "def reward(completions, **kwargs): raise KeyError('x')", /KeyError: 'x'/],
  ["gives NaN", "javascript", "completion.length / 0 - completion.length / 0", /it gave (NaN|-?Infinity)/],
  ["leaves its sandbox", "python", "import js\ndef reward(**k): return [1]", /sandbox's rules: import of js/],
  ["hangs", "javascript", "while (true) {} return 1", /did not end within 2 s/],
] as const)("one that %s halts the run with a sentence", async (_, language, code, why) => {
  const made = recipe(language, code);
  await session.openDataset(jsonRows(rows), made);
  const failed = session.train(made, () => {});
  await expect(failed).rejects.toThrow(/^The reward "\w+" failed on all 8 answers after step 0/);
  await expect(failed).rejects.toThrow(why);
});

test("halted in the middle, the run keeps the step before, and goes on from it with better code", async () => {
  const code = `
def reward(completions, answer, **kwargs):
    if answer[0] == "stop": raise ValueError("told to")
    return [float(len(text)) for text in completions]
`;
  const some = rows.map((row, i) => ({ ...row, answer: i === 5 ? "stop" : row.answer }));
  // One prompt a step; checkpoints further apart than the run is long.
  const made = { ...recipe("python", code, 8), batch: { size: 1 }, keep: { every: 50 } };
  await session.openDataset(jsonRows(some), made);
  const heard = watch(session);
  const failed = session.train(made, heard.onEvent);
  await expect(failed).rejects.toThrow(/failed on all 4 answers after step \d: ValueError: told to/);
  const steps = heard.losses.size;
  expect(steps).toBeGreaterThan(0);
  const [run] = await session.listRuns();
  expect(run).toMatchObject({ status: "failed", steps });
  const hash = await adapterHash(session);
  expect(await session.openRun(run?.id ?? "", "last")).toMatchObject({ step: steps });
  expect(await adapterHash(session)).toBe(hash);
  const better = { grpo: { rewards: [{ name: "python" as const, code: code.replace("raise", "pass #") }] } };
  expect(await session.forkRun(run?.id ?? "", "last", better, () => {})).toMatchObject({ steps: 8, stopped: false });
});
