/**
 * The tokenizer in a GGUF file's metadata (tokenizer.ggml.*) as the two files of Hugging Face that say the same, so that
 * one tokenizer reads both. Two kinds are known: "gpt2", byte-level BPE with its merges, whose way of splitting text is
 * only named (`pre`), and "llama", SentencePiece BPE, whose merges follow from the scores of its tokens.
 *
 * Token types: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. Control and user-defined ones are found
 * in the text before anything else, so they become added tokens; only control ones are special.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { byteLevelStep, SPLITTINGS } from "./gguf-splittings";
import { spmMerges } from "./spm-merges";

export interface GgufTokenizer {
  /** Texts of tokenizer.json and tokenizer_config.json. */
  readonly tokenizerJson: string;
  readonly configJson: string;
  /** Every token that ends an answer. */
  readonly eosIds: readonly number[];
}

const id = z.optional(z.int().check(z.nonnegative()));
const flag = z.optional(z.boolean());
const Metadata = z.looseObject({
  "general.architecture": z._default(z.string(), ""),
  "tokenizer.ggml.model": z.string(),
  "tokenizer.ggml.pre": z._default(z.string(), "default"),
  "tokenizer.ggml.tokens": z.array(z.string()).check(z.minLength(1)),
  "tokenizer.ggml.token_type": z.optional(z.array(z.int())),
  "tokenizer.ggml.merges": z.optional(z.array(z.string())),
  "tokenizer.ggml.scores": z.optional(z.array(z.number())),
  "tokenizer.ggml.bos_token_id": id,
  "tokenizer.ggml.eos_token_id": id,
  "tokenizer.ggml.eot_token_id": id,
  "tokenizer.ggml.eom_token_id": id,
  "tokenizer.ggml.unknown_token_id": id,
  "tokenizer.ggml.padding_token_id": id,
  "tokenizer.ggml.add_bos_token": flag,
  "tokenizer.ggml.add_eos_token": flag,
  "tokenizer.ggml.add_space_prefix": flag,
  "tokenizer.chat_template": z.optional(z.string()),
});
type Metadata = z.infer<typeof Metadata>;

const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;

/** Ends of a turn that files often fail to name; llama.cpp stops at them too. */
const TURN_ENDS = new Set(["<|im_end|>", "<|eot_id|>", "<|end|>", "<end_of_turn>", "<|endoftext|>", "<|eom_id|>"]);

/** Throws "tokenizer/malformed", or "model/unsupported" for a kind that is not known. */
export function ggufTokenizer(metadata: ReadonlyMap<string, unknown>): GgufTokenizer {
  const parsed = z.safeParse(Metadata, Object.fromEntries(metadata));
  if (!parsed.success) {
    const where = parsed.error.issues.map(({ path }) => path.join(".")).slice(0, 3);
    throw malformed(`The tokenizer of the GGUF file does not fit the format at ${where.join(", ")}.`);
  }
  const found = parsed.data;
  const tokens = found["tokenizer.ggml.tokens"];
  const types = found["tokenizer.ggml.token_type"] ?? [];
  const added = tokens.flatMap((content, index) => {
    const type = types[index];
    if (content === "" || (type !== CONTROL && type !== USER_DEFINED && type !== UNKNOWN)) return [];
    const plain = { single_word: false, lstrip: false, rstrip: false, normalized: false };
    return [{ id: index, content, special: type !== USER_DEFINED, ...plain }];
  });
  const kind = kindOf(found);
  const special = specialTokens(found, kind.addsBos);
  return {
    tokenizerJson: JSON.stringify({
      version: "1.0",
      added_tokens: added,
      ...kind.file,
      post_processor: postProcessor(special.before, special.after),
    }),
    configJson: JSON.stringify({ ...special.names, chat_template: found["tokenizer.chat_template"] }),
    eosIds: eosIds(found, types),
  };
}

interface Kind {
  readonly file: object;
  /** Whether BOS comes first where the file does not say. */
  readonly addsBos: boolean;
}

function kindOf(found: Metadata): Kind {
  const kind = found["tokenizer.ggml.model"];
  if (kind === "gpt2") return byteLevel(found);
  if (kind === "llama") return sentencePiece(found);
  throw new AppError("model/unsupported", `The GGUF file's tokenizer is of kind "${kind}".`, {
    hint: 'Burnish reads the kinds "gpt2" and "llama"; use the model\'s Hugging Face folder instead.',
  });
}

function byteLevel(found: Metadata): Kind {
  const name = found["tokenizer.ggml.pre"];
  const splitting = Object.hasOwn(SPLITTINGS, name) ? SPLITTINGS[name] : undefined;
  if (!splitting) {
    throw new AppError("model/unsupported", `The GGUF file's tokenizer splits text in the way "${name}".`, {
      hint: `Burnish knows ${Object.keys(SPLITTINGS).join(", ")}; use the model's Hugging Face folder instead.`,
    });
  }
  const merges = found["tokenizer.ggml.merges"];
  if (!merges) throw malformed("The tokenizer of the GGUF file has no merges.");
  return {
    addsBos: splitting.addsBos ?? false,
    file: {
      normalizer: splitting.normalizer ?? null,
      pre_tokenizer: { type: "Sequence", pretokenizers: splitting.steps },
      decoder: byteLevelStep(true),
      model: {
        type: "BPE",
        vocab: vocabulary(found["tokenizer.ggml.tokens"]),
        merges: merges.map(pair),
        ignore_merges: splitting.wholeWords ?? false,
      },
    },
  };
}

/** "left right"; the left part may itself begin with a space. */
function pair(merge: string): [string, string] {
  const border = merge.indexOf(" ", 1);
  if (border < 0) throw malformed(`The tokenizer of the GGUF file has a merge of one part, ${JSON.stringify(merge)}.`);
  return [merge.slice(0, border), merge.slice(border + 1)];
}

/** Every stretch between special tokens gets the space in front, as llama.cpp and older tokenizer.json files have it. */
function sentencePiece(found: Metadata): Kind {
  const tokens = respelled(found);
  const prefix = found["tokenizer.ggml.add_space_prefix"] ?? true;
  const replace = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const unknown = tokens[found["tokenizer.ggml.unknown_token_id"] ?? 0];
  return {
    addsBos: true,
    file: {
      normalizer: { type: "Sequence", normalizers: prefix ? [{ type: "Prepend", prepend: "▁" }, replace] : [replace] },
      pre_tokenizer: null,
      decoder: {
        type: "Sequence",
        decoders: [
          { type: "Replace", pattern: { String: "▁" }, content: " " },
          { type: "ByteFallback" },
          { type: "Fuse" },
          ...(prefix ? [{ type: "Strip", content: " ", start: 1, stop: 0 }] : []),
        ],
      },
      model: {
        type: "BPE",
        vocab: vocabulary(tokens),
        merges: spmMerges(tokens, priorities(found), found["tokenizer.ggml.token_type"]),
        unk_token: unknown,
        fuse_unk: true,
        byte_fallback: true,
      },
    },
  };
}

const isGemma = (found: Metadata) => found["general.architecture"].startsWith("gemma");

/** Gemma's files spell its runs of spaces plainly, where its merges need them as ▁. */
function respelled(found: Metadata): readonly string[] {
  const tokens = found["tokenizer.ggml.tokens"];
  return isGemma(found) ? tokens.map((token) => (/^ {2,}$/.test(token) ? "▁".repeat(token.length) : token)) : tokens;
}

/** Higher merges first. Gemma's scores say nothing; its tokens stand in the order of their merges. */
function priorities(found: Metadata): readonly number[] {
  const tokens = found["tokenizer.ggml.tokens"];
  if (isGemma(found)) return tokens.map((_, index) => -index);
  const scores = found["tokenizer.ggml.scores"];
  if (scores?.length === tokens.length) return scores;
  throw malformed(`The tokenizer of the GGUF file has ${scores?.length ?? "no"} scores for ${tokens.length} tokens.`);
}

function vocabulary(tokens: readonly string[]): object {
  return Object.fromEntries(tokens.map((token, index) => [token, index]));
}

function specialTokens(found: Metadata, addsBos: boolean) {
  const tokens = found["tokenizer.ggml.tokens"];
  const named = (key: "bos" | "eos" | "unknown" | "padding") => {
    const index = found[`tokenizer.ggml.${key}_token_id`];
    if (index === undefined) return undefined;
    const content = tokens[index];
    if (content === undefined) throw malformed(`The GGUF file's ${key} token is ${index} of ${tokens.length} tokens.`);
    return { content, index };
  };
  const [bos, eos] = [named("bos"), named("eos")];
  return {
    names: {
      bos_token: bos?.content,
      eos_token: eos?.content,
      unk_token: named("unknown")?.content,
      pad_token: named("padding")?.content,
    },
    before: (found["tokenizer.ggml.add_bos_token"] ?? addsBos) ? bos : undefined,
    after: found["tokenizer.ggml.add_eos_token"] ? eos : undefined,
  };
}

interface Named {
  readonly content: string;
  readonly index: number;
}

function postProcessor(before: Named | undefined, after: Named | undefined): object | null {
  const around = [before, after].filter((token) => token !== undefined);
  if (around.length === 0) return null;
  const step = (token: Named | undefined) => (token ? [{ SpecialToken: { id: token.content, type_id: 0 } }] : []);
  return {
    type: "TemplateProcessing",
    single: [...step(before), { Sequence: { id: "A", type_id: 0 } }, ...step(after)],
    pair: [],
    special_tokens: Object.fromEntries(
      around.map(({ content, index }) => [content, { id: content, ids: [index], tokens: [content] }]),
    ),
  };
}

function eosIds(found: Metadata, types: readonly number[]): number[] {
  const tokens = found["tokenizer.ggml.tokens"];
  const named = (["eos", "eot", "eom"] as const).map((key) => found[`tokenizer.ggml.${key}_token_id`]);
  const known = tokens.map((content, index) =>
    types[index] === CONTROL && TURN_ENDS.has(content) ? index : undefined,
  );
  const ids = [...named, ...known].filter((index) => index !== undefined && index < tokens.length);
  return [...new Set(ids as number[])];
}

function malformed(message: string): AppError {
  return new AppError("tokenizer/malformed", message, {
    hint: "Get the GGUF file again, or use the model's Hugging Face folder instead.",
  });
}
