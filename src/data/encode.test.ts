import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { createTokenizer } from "@/tokenizer/tokenizer";
import { type Codec, countTrained, encodePrompt, encodeRow, IGNORED, type Loss } from "./encode";
import { formatRow } from "./formats";
import type { SupervisedRow } from "./row";

const fixture = (name: string) =>
  readFileSync(new URL(`../../e2e/fixtures/tokenizer/${name}`, import.meta.url), "utf8");
const tokenizer = createTokenizer(fixture("tokenizer.json"), fixture("tokenizer_config.json"));
const template = createChatTemplate(findChatTemplate(fixture("tokenizer_config.json")) ?? "", tokenizer.specialTokens);
const codec: Codec = { tokenizer, template };

interface Expected {
  maxLength: number;
  rows: { kind: string; loss: Loss; rows: unknown[]; encoded: ({ ids: number[]; labels: number[] } | null)[] }[];
}
const expected: Expected = JSON.parse(fixture("expected.json"));

function row(value: unknown): SupervisedRow {
  const formatted = formatRow(value);
  if (typeof formatted === "string") throw new Error(formatted);
  return formatted;
}

describe("ids and labels are those of TRL's SFTTrainer", () => {
  for (const { kind, loss, rows, encoded } of expected.rows) {
    rows.forEach((value, i) => {
      test(`${kind} ${i}, loss ${loss}`, () => {
        const mine = encodeRow(row(value), codec, loss, expected.maxLength);
        const theirs = encoded[i];
        if (!theirs) return expect(countTrained(mine)).toBe(0);
        expect([...Array.from(mine.ids)]).toEqual(theirs.ids);
        expect([...Array.from(mine.labels)]).toEqual(theirs.labels);
      });
    });
  }
});

test("assistant turns are trained without marks in the template as with them", () => {
  const plain = createChatTemplate(
    "{% for m in messages %}{{'<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n'}}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}",
  );
  for (const { kind, loss, rows } of expected.rows) {
    if (loss !== "assistant" || kind !== "messages") continue;
    for (const value of rows) {
      const other = encodeRow(row(value), { tokenizer, template: plain }, loss, 999);
      expect(other).toEqual(encodeRow(row(value), codec, loss, 999));
    }
  }
});

test("the first token is never a target", () => {
  const encoded = encodeRow({ kind: "text", text: "a" }, codec, "auto", 1);
  expect(encoded).toMatchObject({ fullLength: 2 });
  expect([...Array.from(encoded.labels)]).not.toContain(IGNORED);
  expect(countTrained(encoded)).toBe(0);
});

describe("the prompt of a row", () => {
  const turns = [
    { role: "user", content: "a" },
    { role: "assistant", content: "b" },
    { role: "user", content: [{ type: "text", text: "c" }] },
  ];
  test("is the beginning of what was trained", () => {
    const pair: SupervisedRow = { kind: "completion", prompt: "turn on ", completion: "the lamp" };
    expect(encodePrompt(pair, codec)).toEqual({
      ids: tokenizer.encode("turn on "),
      prompt: "turn on ",
      expected: "the lamp",
    });
    const chat = row({ messages: [...turns.slice(0, 1), { role: "assistant", content: "d" }] });
    const prompt = encodePrompt(chat, codec);
    expect(prompt).toMatchObject({ prompt: "a", expected: "d" });
    const whole = encodeRow(chat, codec, "auto", 999);
    expect(Array.from(whole.ids).slice(0, prompt?.ids.length)).toEqual(prompt?.ids);
  });
  test("is missing where nothing is asked", () => {
    expect(encodePrompt({ kind: "text", text: "a" }, codec)).toBeNull();
    expect(encodePrompt({ kind: "messages", messages: [{ role: "user", content: "a" }] }, codec)).toBeNull();
  });
});

test("a loss that the data cannot have is refused", () => {
  const refused = expect.objectContaining({ code: "recipe/invalid" });
  expect(() => encodeRow({ kind: "text", text: "a" }, codec, "completion", 9)).toThrow(refused);
  expect(() => encodeRow({ kind: "completion", prompt: "a", completion: "b" }, codec, "assistant", 9)).toThrow(refused);
  const chat = row({ messages: [{ role: "user", content: "a" }] });
  expect(() => encodeRow(chat, { tokenizer, template: null }, "auto", 9)).toThrow(
    expect.objectContaining({ code: "model/missing-file" }),
  );
});
