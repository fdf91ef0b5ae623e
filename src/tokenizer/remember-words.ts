/**
 * A memory of words in front of @huggingface/tokenizers' byte-level step and BPE: text repeats its words, and spelling one
 * again byte by byte is most of the time of encoding. Ids stay the same, since both steps map each word for itself.
 */
import type { Tokenizer as Library } from "@huggingface/tokenizers";

/** Words of usual text, 65,536 of them are some megabytes; what is longer rarely comes back. */
const CAPACITY = 65_536;
const LONGEST = 64;

interface Memory<T> {
  readonly get: (word: string) => T | undefined;
  readonly put: (word: string, value: T) => void;
  readonly clear: () => void;
}

/** Forgets all when it is full: cheaper for each word than keeping the order of use, as the library does. */
function createMemory<T>(capacity: number): Memory<T> {
  const words = new Map<string, T>();
  return {
    get: (word) => words.get(word),
    put: (word, value) => {
      if (word.length > LONGEST) return;
      if (words.size >= capacity) words.clear();
      words.set(word, value);
    },
    clear: () => words.clear(),
  };
}

/** The library's ByteLevel pre-tokenizer, as far as it is used here. */
interface ByteLevelStep {
  readonly pattern: RegExp;
  readonly use_regex: boolean;
  readonly add_prefix_space: boolean;
  pre_tokenize_text: (text: string, options?: unknown) => string[];
}

/** Changes how the library's object remembers; steps of another kind are left as they are. */
export function rememberWords({ pre_tokenizer: step, model }: Library, capacity = CAPACITY): void {
  for (const one of stepsOf(step)) if (isByteLevel(one)) rememberSpellings(one, capacity);
  if (model && "cache" in model && "bpe" in model) model.cache = createMemory<string[]>(capacity);
}

function stepsOf(step: unknown): unknown[] {
  const isStep = (typeof step === "object" || typeof step === "function") && step !== null;
  if (!isStep) return [];
  return "tokenizers" in step && Array.isArray(step.tokenizers) ? step.tokenizers.flatMap(stepsOf) : [step];
}

const isByteLevel = (step: unknown): step is ByteLevelStep =>
  typeof step === "function" && "byte_encoder" in step && "pattern" in step && "use_regex" in step;

function rememberSpellings(step: ByteLevelStep, capacity: number): void {
  const known = createMemory<string>(capacity);
  const original = step.pre_tokenize_text;
  const wordOnly = Object.create(step, { use_regex: { value: false }, add_prefix_space: { value: false } });
  const spell = (word: string): string => {
    const old = known.get(word);
    if (old !== undefined) return old;
    const spelling = original.call(wordOnly, word).join("");
    known.put(word, spelling);
    return spelling;
  };
  step.pre_tokenize_text = (text) => {
    const whole = step.add_prefix_space && !text.startsWith(" ") ? ` ${text}` : text;
    return step.use_regex ? (whole.match(step.pattern) ?? []).map(spell) : [spell(whole)];
  };
}
