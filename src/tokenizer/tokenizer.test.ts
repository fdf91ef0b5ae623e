import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRandom } from "@/util/random";
import { createTextStream } from "./text-stream";
import { commonPrefixLength, maskTokens } from "./token-mask";
import { createTokenizer } from "./tokenizer";

const fixture = (name: string) =>
  readFileSync(new URL(`../../e2e/fixtures/tokenizer/${name}`, import.meta.url), "utf8");
const tokenizerJson = fixture("tokenizer.json");
const configJson = fixture("tokenizer_config.json");
const expected: { texts: { text: string; ids: number[]; decoded: string; plain: string }[] } = JSON.parse(
  fixture("expected.json"),
);
const tokenizer = createTokenizer(tokenizerJson, configJson);

describe("ids and texts are those of transformers", () => {
  for (const { text, ids, decoded, plain } of expected.texts) {
    test(JSON.stringify(text), () => {
      expect(tokenizer.encode(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
      expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(plain);
    });
  }
});

test("the tokenizer knows its special tokens", () => {
  expect(tokenizer).toMatchObject({ vocabSize: 400, bosId: 1, eosIds: [2], eosToken: "<|im_end|>", addsBos: false });
  expect(tokenizer.specialTokens).toEqual({
    bos_token: "<|im_start|>",
    eos_token: "<|im_end|>",
    pad_token: "<|endoftext|>",
  });
  expect([0, 2, 3, 399, 9999].map(tokenizer.isSpecial)).toEqual([true, true, false, false, false]);
  expect(createTokenizer(tokenizerJson, configJson, [2, 0]).eosIds).toEqual([2, 0]);
});

test("tokens spell the bytes of the text", () => {
  for (const { text, ids } of expected.texts) {
    const bytes = ids.flatMap((id) => [...tokenizer.tokenBytes(id)]);
    expect(bytes).toEqual([...new TextEncoder().encode(text)]);
  }
  expect(tokenizer.tokenText(9999)).toBe("");
  expect(tokenizer.decode([9999])).toBe("");
});

describe("a stream", () => {
  test("gives, in pieces, what decoding at once gives", () => {
    for (const { ids, decoded, plain } of expected.texts) {
      for (const [options, whole] of [[{}, decoded] as const, [{ skipSpecial: true }, plain] as const]) {
        const stream = createTextStream(tokenizer, options);
        expect(ids.map(stream.push).join("") + stream.end()).toBe(whole);
      }
    }
  });

  test("never shows half a character", () => {
    const stream = createTextStream(tokenizer);
    const pieces = tokenizer.encode("a👍🏽b").map(stream.push);
    expect(pieces.length).toBeGreaterThan(4);
    expect(pieces.join("")).toBe("a👍🏽b");
    expect(pieces.join("|")).not.toContain("\uFFFD");
  });

  test("survives bytes that are no text, and ends with what is left", () => {
    const random = createRandom(1);
    for (let round = 0; round < 50; round++) {
      const ids = Array.from({ length: 12 }, () => random.below(400));
      const stream = createTextStream(tokenizer);
      expect(ids.map(stream.push).join("") + stream.end()).toBe(tokenizer.decode(ids));
    }
    const cut = createTextStream(tokenizer);
    expect(cut.push(tokenizer.encode("👍")[0] ?? 0)).toBe("");
    expect(cut.end()).toBe("\uFFFD");
  });
});

describe("a mask", () => {
  const text = "user: naïve 👍🏽?\nbot: yes, 你好";
  const ids = tokenizer.encode(text);
  const masked = (start: number, end: number) => {
    const mask = maskTokens(tokenizer, text, ids, [{ start, end }]);
    return tokenizer.decode(ids.filter((_, i) => mask[i] === 1));
  };

  test("covers the range and no more than its border tokens", () => {
    const start = text.indexOf("bot:");
    expect(masked(start, text.length)).toBe("bot: yes, 你好");
    expect(masked(text.indexOf("👍"), text.indexOf("?"))).toContain("👍🏽");
    expect(masked(0, text.length)).toBe(text);
    expect(masked(5, 5)).toBe("");
  });

  test("agrees with the comparison of prefixes that other tokenizers need", () => {
    const blind = { ...tokenizer, tokenBytes: () => new Uint8Array(0) };
    for (const [start, end] of [
      [0, 4],
      [text.indexOf("bot:"), text.length],
      [6, 11],
    ] as const) {
      const range = [{ start, end }];
      expect(maskTokens(blind, text, ids, range)).toEqual(maskTokens(tokenizer, text, ids, range));
    }
  });

  test("common prefixes end where the shorter does", () => {
    expect(commonPrefixLength([1, 2, 3], [1, 2])).toBe(2);
    expect(commonPrefixLength([], [1])).toBe(0);
    expect(commonPrefixLength([4], [1])).toBe(0);
  });
});

test("a SentencePiece vocabulary adds BOS, decodes bytes and streams its spaces", () => {
  const vocab = Object.fromEntries(
    [
      "<unk>",
      "<s>",
      "</s>",
      ...Array.from({ length: 256 }, (_, i) => `<0x${i.toString(16).toUpperCase().padStart(2, "0")}>`),
    ]
      .concat(["▁", "h", "i", "▁h", "▁hi"])
      .map((token, id) => [token, id]),
  );
  const llama = createTokenizer(
    JSON.stringify({
      model: { type: "BPE", vocab, merges: ["▁ h", "▁h i"], unk_token: "<unk>", byte_fallback: true, fuse_unk: true },
      added_tokens: ["<unk>", "<s>", "</s>"].map((content, id) => ({ id, content, special: true })),
      normalizer: {
        type: "Sequence",
        normalizers: [
          { type: "Prepend", prepend: "▁" },
          { type: "Replace", pattern: { String: " " }, content: "▁" },
        ],
      },
      post_processor: {
        type: "TemplateProcessing",
        single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
        pair: [],
        special_tokens: { "<s>": { id: "<s>", ids: [1], tokens: ["<s>"] } },
      },
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "▁" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          { type: "Strip", content: " ", start: 1, stop: 0 },
        ],
      },
    }),
    JSON.stringify({ bos_token: { content: "<s>", special: true }, eos_token: "</s>" }),
  );
  const hi = vocab["▁hi"] ?? 0;
  expect(llama.addsBos).toBe(true);
  expect(llama.encode("hi hi")).toEqual([1, hi, hi]);
  expect(llama.encode("hi", { special: false })).toEqual([hi]);
  expect(llama.encode("hié", { special: false })).toEqual([hi, 3 + 0xc3, 3 + 0xa9]);
  const stream = createTextStream(llama, { skipSpecial: true });
  expect([1, hi, hi, 3 + 0xc3, 3 + 0xa9].map(stream.push)).toEqual(["", "hi", " hi", "", "é"]);
  expect([...llama.tokenBytes(hi)]).toEqual([0x20, 0x68, 0x69]);
  expect([...maskTokens(llama, "hi hi", [hi, hi], [{ start: 2, end: 5 }])]).toEqual([0, 1]);
});

describe("broken files are refused by name", () => {
  for (const [name, json, config] of [
    ["no JSON", "<!doctype html>", "{}"],
    ["no model", "{}", "{}"],
    ["a vocabulary with a huge id", '{"model":{"type":"BPE","vocab":{"a":1e12},"merges":[]}}', "{}"],
    ["an unknown model", '{"model":{"type":"Magic","vocab":{}}}', "{}"],
    ["a config that is a list", tokenizerJson, "[]"],
  ] as const) {
    test(name, () => {
      expect(() => createTokenizer(json, config)).toThrow(expect.objectContaining({ code: "tokenizer/malformed" }));
    });
  }
});
