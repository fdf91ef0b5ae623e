/**
 * A row → token ids and labels, exactly as TRL's SFTTrainer prepares it (a fixture made by TRL is compared).
 *
 * EOS is appended to text and to text completions only, since chat templates write their own. The completion begins
 * where the ids of the prompt alone and of the whole diverge, which differs from the prompt's length when tokens merge
 * across the border.
 */
import { AppError } from "@/errors";
import type { ChatTemplate, Message, RenderOptions } from "@/tokenizer/chat-template";
import { commonPrefixLength, maskTokens } from "@/tokenizer/token-mask";
import type { Tokenizer } from "@/tokenizer/tokenizer";
import type { Recipe } from "@/train/recipe";
import type { ChatExtras, Row, SupervisedRow } from "./row";

/** One sequence. `labels[i]` is the id of token i where it is trained, else -100. The loss is of the next token, so the first token is never a target. */
export interface Encoded {
  readonly ids: ArrayLike<number>;
  readonly labels: ArrayLike<number>;
}

export const IGNORED = -100;

export type Loss = Recipe["data"]["loss"];

/** What turns text into ids: a tokenizer, and the chat template when the model has one. */
export interface Codec {
  readonly tokenizer: Tokenizer;
  readonly template: ChatTemplate | null;
}

export interface EncodedRow extends Encoded {
  /** Tokens before truncation. */
  readonly fullLength: number;
}

/** Throws "recipe/invalid" when rows of this kind cannot be trained so; says what would do. */
export function requireLoss(kind: Row["kind"], loss: Loss): void {
  const conversational = kind === "chat" || kind === "messages";
  const paired = kind === "completion" || kind === "chat";
  if (loss === "assistant" && !conversational) {
    throw new AppError("recipe/invalid", "The loss is set to assistant turns, but the data has no roles.", {
      hint: 'Set data.loss to "auto", or give messages with roles.',
    });
  }
  if (loss === "completion" && !paired) {
    throw new AppError("recipe/invalid", "The loss is set to completions, but the data has no completion column.", {
      hint: 'Set data.loss to "auto", "all" or, for messages, "assistant".',
    });
  }
}

/** Keeps the first `maxLength` tokens. Whether any label is left is for the caller to see (`countTrained`). */
export function encodeRow(row: SupervisedRow, codec: Codec, loss: Loss, maxLength: number): EncodedRow {
  requireLoss(row.kind, loss);
  const { ids, trained } =
    row.kind === "chat" || row.kind === "messages" ? encodeChat(row, codec, loss) : encodeText(row, codec, loss);
  const length = Math.min(ids.length, maxLength);
  const labels = new Int32Array(length).fill(IGNORED);
  for (let i = 0; i < length; i++) if (trained[i]) labels[i] = ids[i] ?? IGNORED;
  return { ids: Uint32Array.from(ids.slice(0, length)), labels, fullLength: ids.length };
}

/** Tokens that some earlier token predicts with loss. */
export function countTrained({ labels }: Encoded): number {
  let count = 0;
  for (let i = 1; i < labels.length; i++) if (labels[i] !== IGNORED) count++;
  return count;
}

/** For people: the question that a row asks and the answer that it gives; null for plain text, which asks nothing. */
export function questionOf(row: SupervisedRow): { prompt: string; expected: string } | null {
  if (row.kind === "text") return null;
  if (row.kind === "completion") return { prompt: row.prompt, expected: row.completion };
  const { prompt, completion } = row.kind === "chat" ? row : lastTurn(row.messages);
  if (completion.length === 0) return null;
  return { prompt: contentText(prompt.at(-1)), expected: completion.map(contentText).join("\n") };
}

/** The ids that an answer continues, the template's frame included, with the question; null where nothing is asked. */
export function encodePrompt(
  row: SupervisedRow,
  codec: Codec,
): { ids: number[]; prompt: string; expected: string } | null {
  const question = questionOf(row);
  if (!question || row.kind === "text") return null;
  if (row.kind === "completion") return { ...question, ids: codec.tokenizer.encode(row.prompt) };
  const { prompt } = row.kind === "chat" ? row : lastTurn(row.messages);
  const options = { ...chatOptions(row), addGenerationPrompt: true };
  return { ...question, ids: chatIds(codec, requireTemplate(codec).render(prompt, options)) };
}

interface Draft {
  readonly ids: readonly number[];
  readonly trained: ArrayLike<number>;
}

function encodeText(
  row: Extract<SupervisedRow, { kind: "text" | "completion" }>,
  { tokenizer }: Codec,
  loss: Loss,
): Draft {
  if (row.kind === "text") {
    const ids = tokenizer.encode(withEos(row.text, tokenizer));
    return { ids, trained: new Uint8Array(ids.length).fill(1) };
  }
  const ids = tokenizer.encode(row.prompt + withEos(row.completion, tokenizer));
  const promptLength = loss === "all" ? 0 : commonPrefixLength(tokenizer.encode(row.prompt), ids);
  return { ids, trained: new Uint8Array(ids.length).fill(1, promptLength) };
}

function encodeChat(row: Extract<SupervisedRow, { kind: "chat" | "messages" }>, codec: Codec, loss: Loss): Draft {
  const template = requireTemplate(codec);
  const options = chatOptions(row);
  const messages = row.kind === "chat" ? [...row.prompt, ...row.completion] : row.messages;
  const { text, spans } =
    loss === "assistant"
      ? template.renderSpans(messages, options)
      : { text: template.render(messages, options), spans: null };
  const ids = chatIds(codec, text);
  const trained = spans ? maskTokens(codec.tokenizer, text, ids, spans) : new Uint8Array(ids.length).fill(1);
  if (row.kind === "chat" && loss !== "all") {
    const prompt = chatIds(codec, template.render(row.prompt, { ...options, addGenerationPrompt: true }));
    trained.fill(0, 0, commonPrefixLength(prompt, ids));
  }
  return { ids, trained };
}

/** What a plain answer ends with, unless it does already. */
export function withEos(text: string, { eosToken }: Tokenizer): string {
  return text.endsWith(eosToken) ? text : text + eosToken;
}

/** Templates write BOS themselves. */
export function chatIds({ tokenizer }: Codec, text: string): number[] {
  return tokenizer.encode(text, { special: false });
}

export function chatOptions(row: ChatExtras): RenderOptions {
  return { ...(row.tools ? { tools: row.tools } : {}), ...(row.variables ? { variables: row.variables } : {}) };
}

function lastTurn(messages: readonly Message[]): { prompt: readonly Message[]; completion: readonly Message[] } {
  const at = messages.findLastIndex(({ role }) => role === "assistant");
  return at < 1
    ? { prompt: messages, completion: [] }
    : { prompt: messages.slice(0, at), completion: messages.slice(at, at + 1) };
}

/** A message's content is a string or, for some models, a list of parts. */
function contentText(message: Message | undefined): string {
  const content = message?.content;
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part: { text?: unknown }) => (typeof part.text === "string" ? part.text : "")).join("");
}

export function requireTemplate({ template }: Codec): ChatTemplate {
  if (template) return template;
  throw new AppError(
    "model/missing-file",
    "The data has roles, but this model has no chat template to write them with.",
    {
      hint: "Take an instruction-tuned model, or give prompt and completion as plain text.",
    },
  );
}
