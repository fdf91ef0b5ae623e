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
    [{ messages: [{ content: "x" }] }, "Its messages has a message without a role."],
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
  expect(faults[1]?.message).toBe("The row is of the shape prompt-completion, the first one language-modeling.");
});
