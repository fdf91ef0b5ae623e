import { describe, expect, test } from "vitest";
import { formatRow, formatRows } from "./formats";

const user = { role: "user", content: "hi" };
const bot = { role: "assistant", content: "hello" };

describe("each of TRL's shapes is known", () => {
  test("text", () => expect(formatRow({ text: "a", id: 3 })).toEqual({ kind: "text", text: "a" }));
  test("prompt and completion", () => {
    expect(formatRow({ prompt: "", completion: "b" })).toEqual({ kind: "completion", prompt: "", completion: "b" });
  });
  test("prompt and completion as messages", () => {
    expect(formatRow({ prompt: [user], completion: [bot] })).toEqual({
      kind: "chat",
      prompt: [user],
      completion: [bot],
    });
  });
  test("messages, with tools and template variables", () => {
    const row = { messages: [user, bot], tools: '[{"name":"t"}]', chat_template_kwargs: { enable_thinking: false } };
    expect(formatRow(row)).toEqual({
      kind: "messages",
      messages: [user, bot],
      tools: [{ name: "t" }],
      variables: { enable_thinking: false },
    });
  });
  test("ShareGPT's conversations", () => {
    const conversations = [
      { from: "system", value: "s" },
      { from: "human", value: "hi" },
      { from: "gpt", value: "hello" },
    ];
    expect(formatRow({ conversations })).toEqual({
      kind: "messages",
      messages: [{ role: "system", content: "s" }, user, bot],
    });
  });
  test("a message keeps the fields that templates read", () => {
    const call = { role: "assistant", content: null, tool_calls: [{ function: { name: "f" } }] };
    expect(formatRow({ messages: [user, call] })).toMatchObject({ messages: [user, call] });
  });
});

describe("a wrong row says what is wrong", () => {
  const cases: [unknown, string][] = [
    [3, "The row is not an object."],
    [["a"], "The row is not an object."],
    [{}, "The row has neither prompt and completion, nor messages, nor text, but nothing."],
    [
      { question: "a", answer: "b" },
      "The row has neither prompt and completion, nor messages, nor text, but question, answer.",
    ],
    [
      { prompt: "a", completion: null },
      "The row has neither prompt and completion, nor messages, nor text, but prompt, completion.",
    ],
    [{ prompt: "a", completion: "" }, "Its completion is empty."],
    [{ prompt: 1, completion: "b" }, "Its prompt has the wrong type."],
    [{ prompt: [user], completion: "b" }, "Its completion has the wrong type."],
    [{ text: "" }, "Its text is empty."],
    [{ messages: [] }, "Its messages is empty."],
    [{ messages: [{ content: "x" }] }, "Its messages.0.role has the wrong type."],
    [{ messages: [{ role: "", content: "x" }] }, "Its messages.0.role is empty."],
    [{ messages: ["x"] }, "Its messages.0 has the wrong type."],
  ];
  for (const [value, message] of cases) test(message, () => expect(formatRow(value)).toBe(message));
});

test("rows of another shape than the first are faults with their line", () => {
  const { rows, faults } = formatRows([
    { line: 1, value: { nothing: 1 } },
    { line: 2, value: { text: "a" } },
    { line: 5, value: { prompt: "a", completion: "b" } },
    { line: 6, value: { text: "b" } },
  ]);
  expect(rows.map(({ line }) => line)).toEqual([2, 6]);
  expect(faults.map(({ line }) => line)).toEqual([1, 5]);
  expect(faults[1]?.message).toBe("The row is of the type prompt-completion, the first one language-modeling.");
});

describe("other trainers read other columns of the same row", () => {
  const row = { prompt: "a", completion: "b", chosen: "a c", rejected: "a d", label: true, answer: 3 };
  const chosen = [user, bot];
  const rejected = [user, { role: "assistant", content: "no" }];
  test("preference, with the prompt given", () => {
    expect(formatRow(row, { method: "dpo" })).toEqual({ kind: "pair", prompt: "a", chosen: "a c", rejected: "a d" });
  });
  test("preference, with the prompt shared", () => {
    expect(formatRow({ chosen: "a c", rejected: "a d" }, { method: "dpo" })).toEqual({
      kind: "pair",
      prompt: "a",
      chosen: " c",
      rejected: " d",
    });
    // A prompt of text beside conversations repeats their first turn.
    expect(formatRow({ prompt: "hi", chosen, rejected }, { method: "dpo" })).toEqual({
      kind: "chat-pair",
      prompt: [user],
      chosen: [bot],
      rejected: rejected.slice(1),
    });
    expect(formatRow({ chosen: [bot], rejected: [user] }, { method: "dpo" })).toMatch(/share no first message/);
  });
  test("prompt-only keeps the other columns for graders", () => {
    expect(formatRow({ prompt: "a", answer: 3 }, { method: "grpo" })).toEqual({
      kind: "prompt",
      prompt: "a",
      columns: { answer: 3 },
    });
  });
  test("unpaired, its label as truth or as a bit", () => {
    expect(formatRow(row, { method: "kto" })).toEqual({ kind: "unpaired", prompt: "a", completion: "b", label: true });
    expect(formatRow({ prompt: [user], completion: [bot], label: 0 }, { method: "kto" })).toMatchObject({
      kind: "chat-unpaired",
      label: false,
    });
    expect(formatRow({ ...row, label: "yes" }, { method: "kto" })).toBe("Its label has the wrong type.");
  });
  test("what is absent is said", () => {
    expect(formatRow({ text: "a" }, { method: "dpo" })).toBe("The row has no chosen and rejected, but text.");
    expect(formatRow({ text: "a" }, { method: "grpo" })).toBe("The row has no prompt, but text.");
  });
});
