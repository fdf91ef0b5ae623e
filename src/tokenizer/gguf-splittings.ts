/**
 * Ways in which byte-level BPE splits text into words before its merges, by the names that GGUF files give them
 * (tokenizer.ggml.pre): as the pre-tokenizer of a tokenizer.json, and back from one to the name.
 */
import * as z from "zod/mini";

const split = (regex: string) => ({
  type: "Split",
  pattern: { Regex: regex },
  behavior: "Isolated",
  invert: false,
});
/** With `use_regex`, GPT-2's own pattern splits what came before. */
export const byteLevelStep = (useRegex: boolean) => ({
  type: "ByteLevel",
  add_prefix_space: false,
  trim_offsets: true,
  use_regex: useRegex,
});

const newerPattern = (digits: string) =>
  `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|${digits}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+`;

interface Splitting {
  readonly steps: readonly object[];
  /** Words that are tokens are taken whole, whatever the merges say. */
  readonly wholeWords?: boolean;
  readonly normalizer?: object;
  readonly addsBos?: boolean;
}

const LLAMA_3: Splitting = {
  steps: [split(newerPattern("\\p{N}{1,3}")), byteLevelStep(false)],
  wholeWords: true,
  addsBos: true,
};
const QWEN_2: Splitting = { steps: [split(newerPattern("\\p{N}")), byteLevelStep(false)], normalizer: { type: "NFC" } };
export const SPLITTINGS: Readonly<Record<string, Splitting>> = {
  "llama-bpe": LLAMA_3,
  llama3: LLAMA_3,
  "llama-v3": LLAMA_3,
  qwen2: QWEN_2,
  "deepseek-r1-qwen": QWEN_2,
  // Llama 3's way without its whole words, as OLMo 2 has it.
  dbrx: { steps: LLAMA_3.steps },
  smollm: { steps: [split("\\p{N}"), byteLevelStep(true)] },
  "gpt-2": { steps: [byteLevelStep(true)] },
  // llama.cpp's own, for files that name none.
  default: {
    steps: [split("[\\p{P}\\$\\+<=>\\^~\\|]+"), split("\\p{N}+"), split("[0-9][0-9][0-9]"), byteLevelStep(true)],
  },
};

const Split = z.looseObject({ type: z.literal("Split"), pattern: z.looseObject({ Regex: z.string() }) });
const Digits = z.looseObject({ type: z.literal("Digits"), individual_digits: z.literal(true) });
const Bytes = z.looseObject({ type: z.literal("ByteLevel"), use_regex: z._default(z.boolean(), true) });
const Steps = z.union([z.looseObject({ pretokenizers: z.array(z.unknown()) }), z.unknown()]);

/** llama.cpp's name for the way in which a tokenizer.json splits text; undefined where it has none. */
export function splittingName(preTokenizer: unknown, wholeWords: boolean): string | undefined {
  const steps = stepsOf(preTokenizer);
  const same = Object.entries(SPLITTINGS).filter(([, known]) => {
    return String(stepsOf({ pretokenizers: known.steps })) === String(steps);
  });
  const exact = same.find(([, known]) => (known.wholeWords ?? false) === wholeWords) ?? same[0];
  return steps.includes("?") ? undefined : exact?.[0];
}

/** What each step does, in a word that can be compared. */
function stepsOf(preTokenizer: unknown): string[] {
  const parsed = z.safeParse(Steps, preTokenizer);
  const inner = parsed.success ? (parsed.data as { pretokenizers?: unknown[] } | null)?.pretokenizers : undefined;
  return (inner ?? [preTokenizer]).map((step) => {
    const [splits, digits, bytes] = [z.safeParse(Split, step), z.safeParse(Digits, step), z.safeParse(Bytes, step)];
    if (splits.success) return `split ${splits.data.pattern.Regex}`;
    if (digits.success) return "split \\p{N}";
    return bytes.success ? `bytes ${bytes.data.use_regex}` : "?";
  });
}
