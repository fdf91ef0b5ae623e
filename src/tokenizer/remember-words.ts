/**
 * A memory of words in front of @huggingface/tokenizers' byte-level step and BPE: text repeats its words, and spelling one
 * again byte by byte is most of the time of encoding. Ids stay the same, since both steps map each word for itself.
 *
 * The library's classes and the fields used here are public, but it has no option for either memory (0.2.0: the step has
 * none, BPE's has a fixed size), so a step's method and a model's cache are replaced on the objects that it made.
 */
import {
  BPE,
  ByteLevelPreTokenizer,
  type Tokenizer as Library,
  type PreTokenizer,
  SequencePreTokenizer,
} from "@huggingface/tokenizers";

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

/** Changes how the library's object remembers; steps of another kind are left as they are. */
export function rememberWords({ pre_tokenizer: step, model }: Library, capacity = CAPACITY): void {
  for (const one of stepsOf(step)) if (one instanceof ByteLevelPreTokenizer) rememberSpellings(one, capacity);
  if (model instanceof BPE) Object.assign(model, { cache: createMemory<string[]>(capacity) });
}

function stepsOf(step: PreTokenizer | null): PreTokenizer[] {
  if (step instanceof SequencePreTokenizer) return step.tokenizers.flatMap(stepsOf);
  return step ? [step] : [];
}

function rememberSpellings(step: ByteLevelPreTokenizer, capacity: number): void {
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
