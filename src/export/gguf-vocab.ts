/**
 * A tokenizer.json as GGUF's metadata, by the rules of llama.cpp's converter. Byte-level BPE becomes model "gpt2": tokens
 * with their types, merges, and the name of its way to split text. BPE over characters with bytes to fall back on
 * (SentencePiece's kind) becomes model "llama", whose merges are said by scores: the earlier a merge, the higher.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import { type GgufEntry, ggufValue } from "@/files/gguf-write";
import { findChatTemplate } from "@/tokenizer/chat-template";
import { splittingName } from "@/tokenizer/gguf-splittings";

export interface VocabSource {
  readonly tokenizerJson: string;
  /** tokenizer_config.json */
  readonly configJson: string;
  readonly chatTemplateJinja?: string | undefined;
  /** The ids that config.json names: bos_token_id and the like. */
  readonly config: Readonly<Record<string, unknown>>;
  /** Rows of the embedding. */
  readonly rows: number;
  /** GGUF's name of the architecture. */
  readonly architecture: string;
}

const NORMAL = 1;
const UNKNOWN = 2;
const CONTROL = 3;
const USER_DEFINED = 4;
const UNUSED = 5;
const BYTE = 6;

const id = z.int().check(z.nonnegative());
const Added = z.looseObject({ id, content: z.string(), special: z._default(z.boolean(), false) });
const TokenizerFile = z.looseObject({
  model: z.looseObject({
    type: z._default(z.literal("BPE"), "BPE"),
    vocab: z.record(z.string(), id),
    merges: z.union([z.array(z.string()), z.array(z.tuple([z.string(), z.string()]))]),
    byte_fallback: z.nullish(z.boolean()),
    ignore_merges: z.nullish(z.boolean()),
    unk_token: z.nullish(z.string()),
  }),
  added_tokens: z._default(z.array(Added), []),
  pre_tokenizer: z.nullish(z.unknown()),
  normalizer: z.nullish(z.unknown()),
  post_processor: z.nullish(z.unknown()),
});
type TokenizerFile = z.infer<typeof TokenizerFile>;
const named = z.nullish(z.union([z.string(), z.looseObject({ content: z.string() })]));
const flag = z.nullish(z.boolean());
const ConfigFile = z.looseObject({
  bos_token: named,
  eos_token: named,
  unk_token: named,
  pad_token: named,
  add_bos_token: flag,
  add_eos_token: flag,
  add_prefix_space: flag,
});

/** Throws "model/unsupported" for a tokenizer that llama.cpp has no way to say. */
export function ggufVocab(source: VocabSource): Map<string, GgufEntry> {
  const file = parse(TokenizerFile, source.tokenizerJson, "tokenizer.json");
  const settings = parse(ConfigFile, source.configJson, "tokenizer_config.json");
  const entries = new Map<string, GgufEntry>();
  const set = (key: string, value: GgufEntry) => entries.set(`tokenizer.ggml.${key}`, value);
  const isLlama = source.architecture === "llama" || source.architecture === "smollm3";
  if (isLlama && typeof settings.add_prefix_space === "boolean") {
    set("add_space_prefix", ggufValue.bool(settings.add_prefix_space));
  }
  const { tokens, types } = tokenList(file, source.rows);
  const bytePieces = file.model.byte_fallback === true;
  set("model", ggufValue.text(bytePieces ? "llama" : "gpt2"));
  set("pre", ggufValue.text(bytePieces ? "default" : preOf(file)));
  set("tokens", ggufValue.texts(tokens));
  if (bytePieces) set("scores", ggufValue.f32s(scores(file, tokens)));
  set("token_type", ggufValue.i32s(types));
  if (!bytePieces) set("merges", ggufValue.texts(mergesOf(file).map((parts) => parts.map(withoutSpaces).join(" "))));

  for (const [name, value] of specialIds(file, settings, source.config)) set(`${name}_token_id`, ggufValue.u32(value));
  const adds = addsTokens(file, settings);
  if (adds.bos !== undefined) set("add_bos_token", ggufValue.bool(adds.bos));
  if (adds.eos !== undefined) set("add_eos_token", ggufValue.bool(adds.eos));
  if (bytePieces && !prependsSpace(file)) set("add_space_prefix", ggufValue.bool(false));
  // SmolLM2 shares its size with Granite's small models, for which the converter decides so.
  if (source.architecture === "llama" && source.rows === 49_152) set("add_bos_token", ggufValue.bool(false));
  const template = findChatTemplate(source.configJson, source.chatTemplateJinja);
  if (template !== null) entries.set("tokenizer.chat_template", ggufValue.text(template));
  return entries;
}

function parse<T extends z.ZodMiniType>(schema: T, text: string, name: string): z.infer<T> {
  const parsed = z.safeParse(schema, JSON.parse(text));
  if (parsed.success) return parsed.data;
  const where = parsed.error.issues.map(({ path }) => path.join(".")).slice(0, 3);
  throw unsupported(`${name} is not one that GGUF can carry (${where.join(", ")}).`);
}

function preOf(file: TokenizerFile): string {
  const name = splittingName(file.pre_tokenizer, file.model.ignore_merges === true);
  if (name !== undefined) return name;
  throw unsupported("llama.cpp has no name for the way in which this model's tokenizer splits text.");
}

function tokenList(file: TokenizerFile, rows: number): { tokens: string[]; types: number[] } {
  const tokens = Array.from({ length: rows }, (_, i) => `[PAD${i}]`);
  const types = Array.from({ length: rows }, () => UNUSED);
  const put = (index: number, content: string, type: number) => {
    if (index >= rows) throw unsupported(`The tokenizer has a token ${index}, the model only ${rows}.`);
    tokens[index] = content;
    types[index] = type;
  };
  const isByte = (token: string) => file.model.byte_fallback === true && /^<0x[0-9A-F]{2}>$/.test(token);
  for (const [token, index] of Object.entries(file.model.vocab)) put(index, token, isByte(token) ? BYTE : NORMAL);
  for (const { id: index, content, special } of file.added_tokens) {
    const control = special || looksSpecial(content);
    const unknown = file.model.byte_fallback === true && content === file.model.unk_token;
    put(index, control ? content : content.replaceAll("▁", " "), unknown ? UNKNOWN : control ? CONTROL : USER_DEFINED);
  }
  return { tokens, types };
}

/** Tokens that makers forgot to call special. */
function looksSpecial(token: string): boolean {
  const enclosed = (open: string, close: string) => token.startsWith(open) && token.endsWith(close);
  return (
    ["<pad>", "<mask>", "<2mass>", "[@BOS@]"].includes(token) ||
    enclosed("<|", "|>") ||
    enclosed("<｜", "｜>") ||
    enclosed("<unused", ">")
  );
}

function mergesOf(file: TokenizerFile): [string, string][] {
  return file.model.merges.map((merge) => {
    if (typeof merge !== "string") return merge;
    const border = merge.indexOf(" ", 1);
    return [merge.slice(0, border), merge.slice(border + 1)];
  });
}

/** A space inside a part would be taken for the one between the parts. */
const withoutSpaces = (part: string) => part.replaceAll(" ", "Ġ");

function scores(file: TokenizerFile, tokens: readonly string[]): number[] {
  const ranks = new Map<string, number>();
  mergesOf(file).forEach(([left, right], rank) => {
    if (!ranks.has(left + right)) ranks.set(left + right, rank);
  });
  return tokens.map((token) => -(ranks.get(token) ?? ranks.size));
}

const TYPES = { bos: "bos", eos: "eos", unknown: "unk", padding: "pad" } as const;

/** What tokenizer_config.json names comes before what config.json numbers. */
function specialIds(
  file: TokenizerFile,
  settings: z.infer<typeof ConfigFile>,
  config: Readonly<Record<string, unknown>>,
): Map<string, number> {
  const found = new Map<string, number>();
  const contentOf = (token: z.infer<typeof named>) => (typeof token === "object" ? token?.content : token);
  for (const [name, short] of Object.entries(TYPES)) {
    const content = contentOf(settings[`${short}_token`]);
    const added = file.added_tokens.find((token) => token.content === content);
    if (content !== undefined && content !== null && added) found.set(name, added.id);
  }
  for (const [name, short] of Object.entries(TYPES)) {
    const value = config[`${short}_token_id`];
    const first = Array.isArray(value) ? value[0] : value;
    if (!found.has(name) && typeof first === "number" && Number.isInteger(first) && first >= 0) found.set(name, first);
  }
  return found;
}

const Step = z.looseObject({ SpecialToken: z.optional(z.looseObject({ id: z.string() })) });
const Processor = z.looseObject({
  type: z.string(),
  processors: z.optional(z.array(z.looseObject({ type: z.string() }))),
  single: z.optional(z.array(Step)),
});

/** Whether the post-processor puts BOS first and EOS last, else what tokenizer_config.json says. */
function addsTokens(
  file: TokenizerFile,
  settings: z.infer<typeof ConfigFile>,
): { bos?: boolean | undefined; eos?: boolean | undefined } {
  const adds: { bos?: boolean; eos?: boolean } = {};
  const parsed = z.safeParse(Processor, file.post_processor);
  const steps = parsed.success ? (parsed.data.processors ?? [parsed.data]) : [];
  for (const step of steps) {
    if (step.type === "ByteLevel") {
      adds.bos ??= false;
      adds.eos ??= false;
    }
    const template = z.safeParse(Processor, step);
    const single = template.success && step.type === "TemplateProcessing" ? (template.data.single ?? []) : [];
    if (single.length < 2) continue;
    const contents = { bos: single[0]?.SpecialToken?.id, eos: single.at(-1)?.SpecialToken?.id };
    if (contents.bos !== undefined) adds.bos = true;
    if (contents.eos !== undefined) adds.eos = true;
  }
  return { bos: adds.bos ?? settings.add_bos_token ?? undefined, eos: adds.eos ?? settings.add_eos_token ?? undefined };
}

/** Whether text gets a space in front, which SentencePiece's kind does unless it says otherwise. */
function prependsSpace(file: TokenizerFile): boolean {
  const said = JSON.stringify([file.normalizer, file.pre_tokenizer]);
  return said.includes('"Prepend"') || /"prepend_scheme":"(first|always)"|"add_prefix_space":true/.test(said);
}

function unsupported(message: string): AppError {
  return new AppError("model/unsupported", message, {
    hint: "Export it as safetensors, and convert that with llama.cpp's own script.",
  });
}
