import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { createTokenizer } from "@/tokenizer/tokenizer";
import { encodePair, encodePromptOnly, encodeUnpaired } from "./encode-pair";

const fixture = (name: string) =>
  readFileSync(new URL(`../../e2e/fixtures/tokenizer/${name}`, import.meta.url), "utf8");
const tokenizer = createTokenizer(fixture("tokenizer.json"), fixture("tokenizer_config.json"));
const template = createChatTemplate(findChatTemplate(fixture("tokenizer_config.json")) ?? "", tokenizer.specialTokens);
const codec = { tokenizer, template };
const text = (ids: ArrayLike<number>) => tokenizer.decode(Array.from(ids));
const user = { role: "user", content: "hi" };
const bot = (content: string) => ({ role: "assistant", content });

test("a pair of texts shares its prompt, and both answers end", () => {
  const { prompt, chosen, rejected } = encodePair(
    { kind: "pair", prompt: "Q: ", chosen: "yes", rejected: "no" },
    codec,
  );
  expect([prompt, chosen, rejected].map(text)).toEqual(["Q:", " yes<|im_end|>", " no<|im_end|>"]);
});

test("where the prompt's last token merges with one answer, both give it up", () => {
  const ask = "turn on the la";
  const pair = encodePair({ kind: "pair", prompt: ask, chosen: "mp", rejected: "?" }, codec);
  expect(pair.prompt.length).toBeLessThan(tokenizer.encode(ask).length);
  expect(text([...pair.prompt, ...pair.chosen])).toBe(`${ask}mp<|im_end|>`);
  expect(text([...pair.prompt, ...pair.rejected])).toBe(`${ask}?<|im_end|>`);
});

test("conversations go through the template", () => {
  const row = { kind: "chat-pair" as const, prompt: [user], chosen: [bot("yes")], rejected: [bot("no")] };
  const { prompt, chosen, rejected } = encodePair(row, codec);
  expect([prompt, chosen, rejected].map(text)).toEqual([
    "<|im_start|>user\nhi<|im_end|>\n<|im_start|>assistant\n",
    "yes<|im_end|>\n",
    "no<|im_end|>\n",
  ]);
  expect(encodePromptOnly({ kind: "chat-prompt", prompt: [user], columns: {} }, codec)).toEqual(prompt);
  expect(() => encodePair(row, { tokenizer, template: null })).toThrow(
    expect.objectContaining({ code: "model/missing-file" }),
  );
});

test("a labelled answer keeps its label", () => {
  const row = { kind: "unpaired" as const, prompt: "Q: ", completion: "yes", label: false };
  const { prompt, completion, label } = encodeUnpaired(row, codec);
  expect([text(prompt), text(completion), label]).toEqual(["Q: ", "yes<|im_end|>", false]);
  expect(text(encodePromptOnly({ kind: "prompt", prompt: "Q: ", columns: {} }, codec))).toBe("Q: ");
});
