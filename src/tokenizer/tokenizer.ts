/**
 * Text ↔ token ids, over @huggingface/tokenizers, from a model's tokenizer.json and tokenizer_config.json.
 *
 * Parity with the Rust tokenizer is what makes a prompt here equal to a prompt in training elsewhere, so a fixture made
 * by transformers is compared id by id. Spaces are never "cleaned up" on decoding: that would lose text.
 */
import { Tokenizer as Library } from "@huggingface/tokenizers";
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { bytesOfSpelling } from "./byte-level";
import { rememberWords } from "./remember-words";

export interface Tokenizer {
  /** One more than the largest id; the model's embedding may have more rows. */
  readonly vocabSize: number;
  readonly bosId: number | null;
  /** What ends an answer; `eosToken` is the first. Empty for a tokenizer that names none. */
  readonly eosIds: readonly number[];
  /** What training appends; "" for a tokenizer that names none. */
  readonly eosToken: string;
  /** Whether `encode` puts the BOS token first. */
  readonly addsBos: boolean;
  /** By the names that chat templates use: {eos_token: "<|im_end|>"}. */
  readonly specialTokens: Readonly<Record<string, string>>;
  /** Special tokens spelt in the text are recognised always; `special` (default true) also adds BOS and the like. */
  encode(text: string, options?: { special?: boolean }): number[];
  /** Unknown ids give nothing. */
  decode(ids: readonly number[], options?: { skipSpecial?: boolean }): string;
  /** As the vocabulary spells it, "Ġthe"; "" for an unknown id. */
  tokenText(id: number): string;
  /** The UTF-8 that a token stands for; it may hold only part of a character. */
  tokenBytes(id: number): Uint8Array;
  isSpecial(id: number): boolean;
}

const MAX_VOCAB = 4_000_000;
const Id = z.int().check(z.nonnegative(), z.maximum(MAX_VOCAB));
const Added = z.looseObject({ id: Id, content: z.string(), special: z._default(z.boolean(), false) });
// The library takes any other type of model for BPE.
const MODELS = ["BPE", "Unigram", "WordPiece"] as const;
const TokenizerFile = z.looseObject({
  model: z.looseObject({
    type: z.optional(z.enum(MODELS)),
    vocab: z.union([z.record(z.string(), Id), z.array(z.tuple([z.string(), z.number()]))]),
  }),
  added_tokens: z._default(z.array(Added), []),
  decoder: z._default(z.unknown(), null),
});

const Special = z.optional(z.nullable(z.union([z.string(), z.looseObject({ content: z.string() })])));
const ConfigFile = z.looseObject({ bos_token: Special, eos_token: Special, pad_token: Special, unk_token: Special });
const SPECIAL_NAMES = ["bos_token", "eos_token", "pad_token", "unk_token"] as const;

/**
 * From the texts of the two files; `extraEosIds` are generation_config.json's, where a model stops at several tokens.
 * Throws "tokenizer/malformed".
 */
export function createTokenizer(
  tokenizerJson: string,
  configJson = "{}",
  extraEosIds: readonly number[] = [],
): Tokenizer {
  const source = parseJson(tokenizerJson, "tokenizer.json");
  const file = check(TokenizerFile, source, "tokenizer.json");
  const config = check(ConfigFile, parseJson(configJson, "tokenizer_config.json"), "tokenizer_config.json");
  const library = build(source, config);
  rememberWords(library);
  const spellings: readonly (string | undefined)[] = library.model?.vocab ?? [];
  const added = new Map(file.added_tokens.map((token) => [token.id, token]));
  const toBytes = isByteLevel(file.decoder) ? bytesOfSpelling : bytesOfPiece;

  const specialTokens: Record<string, string> = {};
  for (const name of SPECIAL_NAMES) {
    const token = config[name];
    if (token) specialTokens[name] = typeof token === "string" ? token : token.content;
  }
  const idOf = (token: string | undefined) => (token === undefined ? undefined : library.token_to_id(token));
  const bosId = idOf(specialTokens.bos_token) ?? null;
  const eosId = idOf(specialTokens.eos_token);
  const named = new Set(Object.values(specialTokens).map(idOf));
  const isSpecial = (id: number) => added.get(id)?.special === true || named.has(id);
  const encode: Tokenizer["encode"] = (text, { special = true } = {}) =>
    library.encode(text, { add_special_tokens: special }).ids;

  return {
    vocabSize: spellings.length,
    bosId,
    eosIds: [...new Set(eosId === undefined ? extraEosIds : [eosId, ...extraEosIds])],
    eosToken: specialTokens.eos_token ?? "",
    addsBos: bosId !== null && encode("a")[0] === bosId,
    specialTokens,
    encode,
    decode(ids, { skipSpecial = false } = {}) {
      const known = ids.filter((id) => spellings[id] !== undefined && !(skipSpecial && isSpecial(id)));
      return known.length === 0 ? "" : library.decode(known, { clean_up_tokenization_spaces: false });
    },
    tokenText: (id) => spellings[id] ?? "",
    tokenBytes(id) {
      const content = added.get(id)?.content;
      return content === undefined ? toBytes(spellings[id] ?? "") : new TextEncoder().encode(content);
    },
    isSpecial,
  };
}

const PreTokenizer = z.looseObject({
  type: z.string(),
  individual_digits: z.optional(z.boolean()),
  pretokenizers: z.optional(z.array(z.unknown())),
});
const ABSENT = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };

/** From the file as it was read, since zod's copy of a vocabulary would lose the token "__proto__". */
function build(source: unknown, config: object): Library {
  try {
    const file = { ...ABSENT, ...(source as object) };
    return new Library({ ...file, pre_tokenizer: withUnicodeDigits(file.pre_tokenizer) }, config);
  } catch (cause) {
    throw malformed("tokenizer.json describes a tokenizer that cannot be built.", cause);
  }
}

/** The library's Digits splits at ASCII digits only, where Rust's splits at every numeric character (٣, ½, Ⅷ). */
function withUnicodeDigits(step: unknown): unknown {
  const { data } = z.safeParse(PreTokenizer, step);
  if (data?.pretokenizers) return { ...data, pretokenizers: data.pretokenizers.map(withUnicodeDigits) };
  if (data?.type !== "Digits") return step;
  const pattern = { Regex: data.individual_digits ? "\\p{N}" : "\\p{N}+" };
  return { type: "Split", pattern, behavior: "Isolated", invert: false };
}

function parseJson(text: string, name: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw malformed(`${name} is not JSON.`, cause);
  }
}

function check<T extends z.ZodMiniType>(schema: T, value: unknown, name: string): z.infer<T> {
  const result = z.safeParse(schema, value);
  if (result.success) return result.data;
  const where = result.error.issues.map((issue) => issue.path.join(".") || "the whole file").slice(0, 3);
  throw malformed(`${name} does not fit the format at ${where.join(", ")}.`);
}

function isByteLevel(decoder: unknown): boolean {
  const Decoder = z.looseObject({ type: z.string(), decoders: z.optional(z.array(z.unknown())) });
  const { data } = z.safeParse(Decoder, decoder);
  return data?.type === "ByteLevel" || (data?.decoders ?? []).some(isByteLevel);
}

/** SentencePiece spells spaces as ▁ and lone bytes as <0x0A>. */
function bytesOfPiece(piece: string): Uint8Array {
  const byte = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return byte ? Uint8Array.of(Number.parseInt(byte, 16)) : new TextEncoder().encode(piece.replaceAll("▁", " "));
}

function malformed(message: string, cause?: unknown): AppError {
  return new AppError("tokenizer/malformed", message, {
    hint: "Take tokenizer.json and tokenizer_config.json from the model's own folder.",
    cause,
  });
}
