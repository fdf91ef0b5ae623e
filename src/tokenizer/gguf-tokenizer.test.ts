import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { findChatTemplate } from "./chat-template";
import { ggufTokenizer } from "./gguf-tokenizer";
import { spmMerges } from "./spm-merges";
import { createTokenizer } from "./tokenizer";

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/${name}`, import.meta.url));
const json = (name: string) => JSON.parse(fixture(name).toString());
const { metadata } = await readGguf(fromBytes(fixture("gguf/tiny.gguf")));

function open(changes: Record<string, unknown> = {}) {
  const found = ggufTokenizer(new Map([...metadata, ...Object.entries(changes)]));
  return createTokenizer(found.tokenizerJson, found.configJson, found.eosIds);
}

test("a byte-level tokenizer is the one of tokenizer.json", () => {
  const tokenizer = open();
  const original = createTokenizer(
    fixture("tokenizer/tokenizer.json").toString(),
    fixture("tokenizer/tokenizer_config.json").toString(),
  );
  for (const { text, ids, decoded, plain } of json("tokenizer/expected.json").texts) {
    expect(tokenizer.encode(text), text).toEqual(ids);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecial: true })).toBe(plain);
    expect(ids.map(tokenizer.tokenBytes)).toEqual(ids.map(original.tokenBytes));
  }
  const { vocabSize, bosId, eosToken, addsBos, specialTokens } = original;
  expect(tokenizer).toMatchObject({ vocabSize, bosId, eosToken, addsBos, specialTokens });
  // <|endoftext|> ends an answer too, as in llama.cpp.
  expect(tokenizer.eosIds).toEqual([2, 0]);
  expect(findChatTemplate(ggufTokenizer(metadata).configJson)).toBe(
    findChatTemplate(fixture("tokenizer/tokenizer_config.json").toString()),
  );
});

describe.each(Object.keys(json("gguf/pre.json")))("text is split as %s does", (name) => {
  test("id by id", () => {
    const tokenizer = open({ "tokenizer.ggml.pre": name });
    for (const { text, ids } of json("gguf/pre.json")[name]) {
      expect(tokenizer.encode(text, { special: false }), text).toEqual(ids);
    }
  });
});

describe("BOS and EOS", () => {
  test("are added where the file says so", () => {
    expect(open({ "tokenizer.ggml.add_bos_token": true }).encode("a")[0]).toBe(1);
    expect(open({ "tokenizer.ggml.add_eos_token": true }).encode("a").at(-1)).toBe(2);
  });

  test("are added by default in some kinds", () => {
    expect(open().addsBos).toBe(false);
    expect(open({ "tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.add_bos_token": undefined }).addsBos).toBe(true);
  });
});

describe("SentencePiece", () => {
  const spm = json("gguf/spm.json");
  const changes = {
    "tokenizer.ggml.model": "llama",
    "tokenizer.ggml.tokens": spm.tokens,
    "tokenizer.ggml.scores": spm.scores,
    "tokenizer.ggml.token_type": spm.types,
    "tokenizer.ggml.merges": undefined,
    "tokenizer.ggml.unknown_token_id": 0,
    "tokenizer.ggml.bos_token_id": 1,
    "tokenizer.ggml.eos_token_id": 2,
    "tokenizer.ggml.padding_token_id": undefined,
    "tokenizer.ggml.add_bos_token": undefined,
  };

  test("gives the ids of sentencepiece", () => {
    const tokenizer = open(changes);
    expect(tokenizer.addsBos).toBe(true);
    for (const { text, ids, decoded } of spm.texts) {
      expect(tokenizer.encode(text, { special: false }), JSON.stringify(text)).toEqual(ids);
      expect(tokenizer.decode(ids)).toBe(decoded);
    }
  });

  test("adds no space where the file says so", () => {
    const tokenizer = open({ ...changes, "tokenizer.ggml.add_space_prefix": false });
    const ids = tokenizer.encode("the end", { special: false });
    expect(tokenizer.decode(ids)).toBe("the end");
    expect(tokenizer.tokenText(ids[0] ?? 0)).not.toContain("▁");
  });

  test("merges are ordered by score, and special tokens take no part", () => {
    expect(
      spmMerges(["a", "b", "ab", "c", "abc", "bc", "<b"], [0, 0, -3, 0, -5, -4, 0], [1, 1, 1, 1, 1, 1, 3]),
    ).toEqual([
      ["a", "b"],
      ["b", "c"],
      ["a", "bc"],
      ["ab", "c"],
    ]);
  });
});

describe("broken metadata is refused by name", () => {
  for (const [name, changes, code] of [
    ["no tokens", { "tokenizer.ggml.tokens": undefined }, "tokenizer/malformed"],
    ["tokens that are numbers", { "tokenizer.ggml.tokens": [1, 2] }, "tokenizer/malformed"],
    ["no merges", { "tokenizer.ggml.merges": undefined }, "tokenizer/malformed"],
    ["half a merge", { "tokenizer.ggml.merges": ["ab"] }, "tokenizer/malformed"],
    ["an EOS that is no token", { "tokenizer.ggml.eos_token_id": 400 }, "tokenizer/malformed"],
    ["no scores", { "tokenizer.ggml.model": "llama" }, "tokenizer/malformed"],
    [
      "a token without end",
      { "tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": ["x".repeat(5000)], "tokenizer.ggml.scores": [0] },
      "tokenizer/malformed",
    ],
    ["an unknown kind", { "tokenizer.ggml.model": "bert" }, "model/unsupported"],
    ["an unknown way to split", { "tokenizer.ggml.pre": "__proto__" }, "model/unsupported"],
  ] as const) {
    test(name, () => {
      const changed = { "tokenizer.ggml.token_type": undefined, ...changes };
      expect(() => open(changed)).toThrow(expect.objectContaining({ code }));
    });
  }
});
