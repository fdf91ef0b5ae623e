/** With the memory and without it, the library gives the same ids: for words it meets again, and after it forgot all. */
import { readFileSync } from "node:fs";
import { BPE, ByteLevelPreTokenizer, Tokenizer as Library } from "@huggingface/tokenizers";
import { expect, test, vi } from "vitest";
import { rememberWords } from "./remember-words";

const read = (path: string) => JSON.parse(readFileSync(new URL(`../../${path}`, import.meta.url), "utf8")) as object;
const TEXTS = [
  "It's  two  spaces,\n\n\tthen\u00a0a tab; it's it's",
  "naïve café 日本語 🙂🙂 \ud800 lone",
  `${"long".repeat(50)} ${"long".repeat(50)}`,
  "   ",
];

/** A sequence of Split and ByteLevel, as Qwen's and Llama 3's are, and ByteLevel alone with a space in front. */
const STEPS = [
  null,
  { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true },
  {
    type: "Sequence",
    pretokenizers: [
      { type: "Digits", individual_digits: true },
      { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    ],
  },
];

test.each(STEPS)("ids of %o", (step) => {
  const file = read("public/models/ember/tokenizer.json");
  const build = () => new Library(step ? { ...file, pre_tokenizer: step } : file, {});
  const [plain, quick] = [build(), build()];
  rememberWords(quick, 16);
  const numbers = Array.from({ length: 50 }, (_, i) => `n${i}`).join(" ");
  for (const text of [...TEXTS, ...TEXTS, numbers, numbers, ...TEXTS])
    expect(quick.encode(text).ids).toEqual(plain.encode(text).ids);
});

test("words are remembered: a second time nothing is spelt", () => {
  const library = new Library(read("public/models/ember/tokenizer.json"), {});
  const unremembering = library.model instanceof BPE ? library.model.cache : undefined;
  const spelt = vi.spyOn(ByteLevelPreTokenizer.prototype, "pre_tokenize_text");
  const count = () => spelt.mock.calls.length;
  rememberWords(library);
  library.encode("unheard of");
  const first = count();
  library.encode("unheard of");
  expect(first).toBeGreaterThan(0);
  expect(count()).toBe(first);
  expect(library.model instanceof BPE && library.model.cache !== unremembering).toBe(true);
  spelt.mockRestore();
});
