/**
 * The canonical row: one of TRL's dataset types, with strings ("standard") or with lists of messages ("conversational").
 * Every reader ends here and every later stage (split, gates, encoding) begins here.
 *
 *   text          language modelling            { text }
 *   messages      language modelling            { messages }
 *   completion    prompt-completion             { prompt, completion }               chat: the same as messages
 *   pair          preference                    { prompt, chosen, rejected }         chat-pair
 *   prompt        prompt-only                   { prompt } and whatever graders read chat-prompt
 *   unpaired      unpaired preference           { prompt, completion, label }        chat-unpaired
 */
import type { Message } from "@/tokenizer/chat-template";

/** The trainers of TRL whose reading of a row we follow. */
export type Method = "sft" | "dpo" | "grpo" | "kto";

/** What rides along with messages into the template. */
export interface ChatExtras {
  readonly tools?: readonly unknown[];
  /** TRL's chat_template_kwargs. */
  readonly variables?: Readonly<Record<string, unknown>>;
}
export type Messages = readonly Message[];

export type TextRow = { readonly kind: "text"; readonly text: string };
export type MessagesRow = { readonly kind: "messages"; readonly messages: Messages } & ChatExtras;
export type CompletionRow = { readonly kind: "completion"; readonly prompt: string; readonly completion: string };
export type ChatRow = { readonly kind: "chat"; readonly prompt: Messages; readonly completion: Messages } & ChatExtras;

export type PairRow =
  | { readonly kind: "pair"; readonly prompt: string; readonly chosen: string; readonly rejected: string }
  | ({
      readonly kind: "chat-pair";
      readonly prompt: Messages;
      readonly chosen: Messages;
      readonly rejected: Messages;
    } & ChatExtras);

/** `columns` are the row's other columns: what reward functions are given. */
export type PromptRow =
  | { readonly kind: "prompt"; readonly prompt: string; readonly columns: Readonly<Record<string, unknown>> }
  | ({
      readonly kind: "chat-prompt";
      readonly prompt: Messages;
      readonly columns: Readonly<Record<string, unknown>>;
    } & ChatExtras);

export type UnpairedRow =
  | { readonly kind: "unpaired"; readonly prompt: string; readonly completion: string; readonly label: boolean }
  | ({
      readonly kind: "chat-unpaired";
      readonly prompt: Messages;
      readonly completion: Messages;
      readonly label: boolean;
    } & ChatExtras);

/** What supervised fine-tuning trains on. */
export type SupervisedRow = TextRow | CompletionRow | ChatRow | MessagesRow;
export type Row = SupervisedRow | PairRow | PromptRow | UnpairedRow;

/** What each trainer's reading of a record gives. */
export interface RowOf {
  readonly sft: SupervisedRow;
  readonly dpo: PairRow;
  readonly grpo: PromptRow;
  readonly kto: UnpairedRow;
}

/** A row and where it begins in its file, from 1 (for arrays and tables of records, the number of the record). */
export interface FormattedRow<R extends Row = Row> {
  readonly line: number;
  readonly row: R;
}

/** TRL's names of the types, for people. */
export const TYPE_NAMES: Readonly<Record<Row["kind"], string>> = {
  text: "language-modeling",
  messages: "messages",
  completion: "prompt-completion",
  chat: "prompt-completion",
  pair: "preference",
  "chat-pair": "preference",
  prompt: "prompt-only",
  "chat-prompt": "prompt-only",
  unpaired: "unpaired-preference",
  "chat-unpaired": "unpaired-preference",
};

const CONVERSATIONAL: ReadonlySet<Row["kind"]> = new Set([
  "messages",
  "chat",
  "chat-pair",
  "chat-prompt",
  "chat-unpaired",
]);

export const isConversational = ({ kind }: Row): boolean => CONVERSATIONAL.has(kind);

/** For people: the type, and that it holds messages where the name does not say so. */
export function describeKind(kind: Row["kind"]): string {
  const name = TYPE_NAMES[kind];
  return CONVERSATIONAL.has(kind) && kind !== "messages" ? `${name} with messages` : name;
}

/** Whether supervised fine-tuning trains on rows of this kind. */
export const isSupervised = (row: Row): row is SupervisedRow =>
  row.kind === "text" || row.kind === "messages" || row.kind === "completion" || row.kind === "chat";
