import { describe, expect, test } from "vitest";
import { toTrlColumns } from "./convert";

const user = { role: "user", content: "hi" };
const bot = { role: "assistant", content: "hello" };

describe("shapes of other tools become TRL's", () => {
  test("ShareGPT: speakers become roles, tools may be text", () => {
    const conversations = [
      { from: "human", value: "hi" },
      { from: "gpt", value: "hello" },
      { from: "observation", value: "3" },
    ];
    expect(toTrlColumns({ conversations, tools: '[{"name":"f"}]', id: 1 })).toEqual({
      messages: [user, bot, { role: "tool", content: "3" }],
      tools: [{ name: "f" }],
      id: 1,
    });
  });

  test("Alpaca: turns where the model has a template, headings where it has none", () => {
    const row = { instruction: "Add.", input: "1 2", output: "3", system: "Be brief." };
    expect(toTrlColumns(row)).toEqual({
      prompt: [
        { role: "system", content: "Be brief." },
        { role: "user", content: "Add.\n\n1 2" },
      ],
      completion: [{ role: "assistant", content: "3" }],
    });
    expect(toTrlColumns({ instruction: "Add.", input: "", output: "3" }, { chat: false })).toEqual({
      prompt: "### Instruction:\nAdd.\n\n### Response:\n",
      completion: "3",
    });
    expect(toTrlColumns({ instruction: "x", output: "y", text: "whole" })).toMatchObject({ text: "whole" });
  });

  test("OpenAI: functions become tools, a preference file becomes prompt, chosen, rejected", () => {
    expect(toTrlColumns({ messages: [user, bot], functions: [{ name: "f" }] })).toMatchObject({
      messages: [user, bot],
      tools: [{ type: "function", function: { name: "f" } }],
    });
    const row = { input: { messages: [user], tools: [1] }, preferred_output: [bot], non_preferred_output: [user] };
    expect(toTrlColumns(row)).toEqual({ prompt: [user], chosen: [bot], rejected: [user], tools: [1] });
  });
});

describe("cells of a table", () => {
  test("that hold messages as JSON are opened, other text is not", () => {
    expect(toTrlColumns({ messages: JSON.stringify([user, bot]) })).toEqual({ messages: [user, bot] });
    const text = { prompt: '[{"colour": 1}] is a list', completion: '[{"colour": 2}]' };
    expect(toTrlColumns(text)).toEqual(text);
  });
  test("that should be JSON and are not say so; empty ones are absent", () => {
    expect(toTrlColumns({ messages: [user], tools: "{" })).toBe("Its tools is text, but not JSON.");
    expect(toTrlColumns({ messages: [user], tools: " ", chat_template_kwargs: '{"a":1}' })).toEqual({
      messages: [user],
      chat_template_kwargs: { a: 1 },
    });
  });
});

describe("a mapping by hand", () => {
  const columns = { prompt: "question", completion: "answer" };
  test("reads the named columns and no others", () => {
    expect(toTrlColumns({ question: "a", answer: "b", prompt: "trap", messages: [] }, { columns })).toEqual({
      prompt: "a",
      completion: "b",
    });
  });
  test("takes own columns only", () => {
    expect(toTrlColumns({ answer: "b" }, { columns: { prompt: "toString", completion: "answer" } })).toEqual({
      completion: "b",
    });
  });
});
