import { describe, expect, test } from "vitest";
import { dispatchOf, shapeOf } from "./dispatch";
import { createDispatchTally } from "./dispatch-report";
import { formatRow } from "./formats";
import type { Method } from "./row";

const user = { role: "user", content: "hi" };
const bot = { role: "assistant", content: "yes" };

const of = (row: Record<string, unknown>, method: Method = "sft") =>
  dispatchOf(Object.fromEntries(Object.entries(row).map(([name, value]) => [name, shapeOf(value)])), method);

function report(rows: readonly Record<string, unknown>[], method: Method = "sft", columns = {}) {
  const tally = createDispatchTally(columns);
  rows.forEach((value, i) => {
    const row = formatRow(value, { method, columns });
    tally.add(i + 1, value, typeof row === "string" ? null : row.kind);
  });
  return tally.findings(method);
}

describe("the branch, and the keys that are read there", () => {
  const cases: [string, Record<string, unknown>, Method, Partial<ReturnType<typeof of>>][] = [
    ["text", { text: "a", id: 1 }, "sft", { branch: "language-modeling", reads: ["text"], failure: null }],
    ["messages", { messages: [user, bot] }, "sft", { branch: "language-modeling", reads: ["messages"], failure: null }],
    ["a pair of texts", { prompt: "a", completion: "b" }, "sft", { branch: "prompt-completion", failure: null }],
    [
      "messages with tools",
      { messages: [user], tools: "[]" },
      "sft",
      { reads: ["messages", "tools"], conversational: true, failure: null },
    ],
    [
      "messages beside a prompt of text",
      { messages: [user, bot], prompt: "hi" },
      "sft",
      { branch: "prompt-completion", failure: "there is no completion" },
    ],
    [
      "messages beside prompt and completion",
      { messages: [user, bot], prompt: [user], completion: [bot] },
      "sft",
      { branch: "prompt-completion", ignores: ["messages"], failure: null },
    ],
    [
      "text beside prompt and completion",
      { text: "ab", prompt: "a", completion: "b" },
      "sft",
      { branch: "prompt-completion", endless: true, failure: null },
    ],
    ["tokens", { input_ids: [1, 2], prompt: "a" }, "sft", { branch: "tokenized", reads: ["input_ids"], failure: null }],
    ["speakers", { conversations: [{ from: "human", value: "x" }] }, "sft", { reads: ["messages"], failure: null }],
    ["conversations with roles", { conversations: [user] }, "sft", { failure: "there is no text" }],
    ["no messages", { messages: [] }, "sft", { failure: "there is no text" }],
    ["a picture", { messages: [user], images: ["x"] }, "sft", { failure: expect.stringContaining("vision") }],
    [
      "null arguments of the template",
      { messages: [user], chat_template_kwargs: null },
      "sft",
      { failure: "chat_template_kwargs is null" },
    ],
    ["a preference", { prompt: "a", chosen: "b", rejected: "c" }, "dpo", { branch: "preference", failure: null }],
    ["a shared prompt", { chosen: [user, bot], rejected: [user, user] }, "dpo", { failure: null }],
    [
      "a prompt of text beside conversations",
      { prompt: "hi", chosen: [user, bot], rejected: [user, user] },
      "dpo",
      { failure: "prompt is not a list of messages" },
    ],
    ["a prompt", { prompt: [user], answer: 3 }, "grpo", { branch: "prompt-only", reads: ["prompt"], failure: null }],
    ["no prompt", { messages: [user] }, "grpo", { failure: "there is no prompt" }],
    [
      "unpaired",
      { prompt: "a", completion: "b", label: true },
      "kto",
      { branch: "unpaired-preference", failure: null },
    ],
    ["no label", { prompt: "a", completion: "b" }, "kto", { failure: "there is no label" }],
  ];
  for (const [name, row, method, expected] of cases) {
    test(`${method}: ${name}`, () => expect(of(row, method)).toMatchObject(expected));
  }
});

describe("what is told of a file", () => {
  test("the trap of messages and prompt is red, names its rows, and one click reads messages alone", () => {
    const rows = Array.from({ length: 30 }, () => ({ messages: [user, bot], prompt: "hi", id: 1 }));
    const [finding, ...others] = report(rows);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({ gate: "dispatch", severity: "red", count: 30 });
    expect(finding?.rows).toHaveLength(20);
    expect(finding?.message).toMatch(/stops: there is no completion/);
    expect(finding?.fix?.data).toEqual({ columns: { messages: "messages" } });
    expect(report(rows, "sft", finding?.fix?.data.columns)).toEqual([]);
  });

  test("one row with a prompt among messages is enough, for every row gets the column", () => {
    const findings = report([{ messages: [user, bot] }, { messages: [user, bot], prompt: "hi" }]);
    expect(findings.map(({ gate, count }) => [gate, count])).toEqual([["dispatch", 2]]);
  });

  test("a text column beside the pair takes the end mark away, until it is dropped", () => {
    const rows = [{ text: "ab", prompt: "a", completion: "b" }];
    const [finding] = report(rows);
    expect(finding).toMatchObject({ gate: "dispatch-eos", severity: "red" });
    expect(report(rows, "sft", finding?.fix?.data.columns)).toEqual([]);
  });

  test("columns that are passed over can be read instead", () => {
    const rows = [{ messages: [user, bot], prompt: [user], completion: [bot] }];
    const [finding] = report(rows);
    expect(finding).toMatchObject({ gate: "dispatch-ignored", severity: "amber" });
    expect(finding?.fix?.data.columns).toEqual({ messages: "messages" });
    expect(formatRow(rows[0], { columns: finding?.fix?.data.columns ?? {} })).toMatchObject({ kind: "messages" });
  });

  test("what is converted here is only noted", () => {
    const [alpaca] = report([{ instruction: "a", input: "", output: "b" }]);
    expect(alpaca).toMatchObject({ gate: "dispatch-converted", severity: "note", count: 1 });
    const [speakers] = report([{ conversations: [{ from: "human", value: "a" }] }]);
    expect(speakers).toMatchObject({ gate: "dispatch-roles", severity: "note" });
  });

  test("rows of several types are counted, the smaller ones named", () => {
    const rows = [...Array.from({ length: 5 }, () => ({ text: "a" })), { messages: [user, bot] }];
    expect(report(rows).find(({ gate }) => gate === "mixed-types")).toMatchObject({
      count: 1,
      rows: [6],
      message: "The rows are of 2 types: 5 language-modeling, 1 messages.",
    });
  });

  test("clean sets of every type have no finding", () => {
    const clean: [Method, Record<string, unknown>][] = [
      ["sft", { text: "a", source: "b" }],
      ["sft", { prompt: "a", completion: "b" }],
      ["sft", { prompt: [user], completion: [bot], tools: [] }],
      ["sft", { messages: [user, bot], chat_template_kwargs: { x: 1 } }],
      ["dpo", { prompt: [user], chosen: [bot], rejected: [bot], score: 3 }],
      ["dpo", { chosen: "a b", rejected: "a c" }],
      ["grpo", { prompt: [user], solution: "b" }],
      ["kto", { prompt: "a", completion: "b", label: false }],
    ];
    for (const [method, row] of clean) expect(report([row, row], method)).toEqual([]);
  });
});
