/**
 * A record of a file → a canonical row, by the rule of the trainer it is for. The record's columns are first brought
 * under TRL's names (`convert.ts`); which of them are read depends on the method alone:
 *
 *   sft    prompt + completion, else messages, else text          dpo    chosen + rejected, the prompt given or shared
 *   grpo   prompt                                                 kto    prompt + completion + label
 *
 * TRL decides by the first row and fails later on others; here each row is checked against the first, with its line.
 */
import * as z from "zod/mini";
import type { Message } from "@/tokenizer/chat-template";
import type { DataFault } from "@/worker/api/data";
import { type ConvertOptions, toTrlColumns } from "./convert";
import { sharedMessages, sharedText } from "./implicit-prompt";
import type { DataRecord } from "./reader";
import {
  type ChatExtras,
  describeKind,
  type FormattedRow,
  type Method,
  type PairRow,
  type Row,
  type RowOf,
  type SupervisedRow,
} from "./row";

export interface FormatOptions<M extends Method = "sft"> extends ConvertOptions {
  /** "sft" by default. */
  readonly method?: M;
}

const MessageSchema = z.pipe(
  z.looseObject({
    role: z.string().check(z.minLength(1, "is empty")),
    content: z.optional(z.nullable(z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]))),
  }),
  z.transform((message): Message => message),
);
const messages = z.array(MessageSchema).check(z.minLength(1, "is empty"));
const someText = z.string().check(z.minLength(1, "is empty"));
const extras = {
  tools: z.optional(z.nullable(z.array(z.unknown()))),
  chat_template_kwargs: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
};
const Extras = z.object(extras);

const TextColumns = z.object({ text: someText });
const CompletionColumns = z.object({ prompt: z.string(), completion: someText });
const ChatColumns = z.object({ prompt: messages, completion: messages, ...extras });
const MessagesColumns = z.object({ messages, ...extras });
const PairColumns = z.object({ prompt: z.string(), chosen: someText, rejected: someText });
const ChatPairColumns = z.object({ prompt: messages, chosen: messages, rejected: messages, ...extras });
const SharedColumns = z.object({ chosen: someText, rejected: someText });
const ChatSharedColumns = z.object({ chosen: messages, rejected: messages, ...extras });
const PromptColumn = z.object({ prompt: someText });
const ChatPromptColumn = z.object({ prompt: messages, ...extras });
const Label = z.object({
  label: z.union([
    z.boolean(),
    z.pipe(
      z.literal([0, 1]),
      z.transform((bit: 0 | 1) => bit === 1),
    ),
  ]),
});

type Columns = Readonly<Record<string, unknown>>;

/** Rows of one kind, that of the first good one; the others become faults. */
export function formatRows<M extends Method = "sft">(
  records: readonly DataRecord[],
  options: FormatOptions<M> = {},
): { rows: FormattedRow<RowOf[M]>[]; faults: DataFault[] } {
  const rows: FormattedRow<RowOf[M]>[] = [];
  const faults: DataFault[] = [];
  for (const { line, value } of records) {
    const row = formatRow(value, options);
    const kind = rows[0]?.row.kind;
    if (typeof row === "string") faults.push({ line, message: row });
    else if (kind !== undefined && row.kind !== kind) faults.push({ line, message: otherKind(row.kind, kind) });
    else rows.push({ line, row });
  }
  return { rows, faults };
}

export function otherKind(kind: Row["kind"], first: Row["kind"]): string {
  return `The row is of the type ${describeKind(kind)}, the first one ${describeKind(first)}.`;
}

/** The row, or what is wrong with it in one sentence. */
export function formatRow<M extends Method = "sft">(value: unknown, options: FormatOptions<M> = {}): RowOf[M] | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "The row is not an object.";
  const columns = toTrlColumns(value as Columns, options);
  if (typeof columns === "string") return columns;
  return READERS[options.method ?? ("sft" as M)](columns);
}

const has = (columns: Columns, ...names: string[]) =>
  names.every((name) => columns[name] !== undefined && columns[name] !== null);

const READERS: { readonly [M in Method]: (columns: Columns) => RowOf[M] | string } = {
  sft(columns) {
    if (has(columns, "prompt", "completion")) return supervisedPair(columns);
    if (has(columns, "messages")) {
      return parsed(MessagesColumns, columns, ({ messages, ...rest }) => ({
        kind: "messages",
        messages,
        ...chatExtras(rest),
      }));
    }
    if (has(columns, "text")) return parsed(TextColumns, columns, ({ text }) => ({ kind: "text", text }));
    return absent("neither prompt and completion, nor messages, nor text", columns);
  },
  dpo(columns) {
    if (!has(columns, "chosen", "rejected")) return absent("no chosen and rejected", columns);
    const chat = Array.isArray(columns.chosen);
    // A prompt of text beside answers with roles only repeats their first turn.
    const given = has(columns, "prompt") && Array.isArray(columns.prompt) === chat;
    return given ? explicitPair(columns, chat) : implicitPair(columns, chat);
  },
  grpo(columns) {
    if (!has(columns, "prompt")) return absent("no prompt", columns);
    const { prompt: _, tools: __, chat_template_kwargs: ___, ...others } = columns;
    if (!Array.isArray(columns.prompt)) {
      return parsed(PromptColumn, columns, ({ prompt }) => ({ kind: "prompt", prompt, columns: others }));
    }
    return parsed(ChatPromptColumn, columns, ({ prompt, ...rest }) => ({
      kind: "chat-prompt",
      prompt,
      columns: others,
      ...chatExtras(rest),
    }));
  },
  kto(columns) {
    if (!has(columns, "prompt", "completion", "label")) return absent("no prompt, completion and label", columns);
    const label = z.safeParse(Label, columns);
    if (!label.success) return wrong(label.error);
    const row = supervisedPair(columns);
    if (typeof row === "string") return row;
    if (row.kind === "chat") return { ...row, kind: "chat-unpaired", ...label.data };
    return row.kind === "completion" ? { ...row, kind: "unpaired", ...label.data } : "The row has no completion.";
  },
};

function supervisedPair(columns: Columns): SupervisedRow | string {
  if (!Array.isArray(columns.prompt)) {
    return parsed(CompletionColumns, columns, (row) => ({ kind: "completion", ...row }));
  }
  return parsed(ChatColumns, columns, ({ prompt, completion, ...rest }) => ({
    kind: "chat",
    prompt,
    completion,
    ...chatExtras(rest),
  }));
}

function explicitPair(columns: Columns, chat: boolean): PairRow | string {
  if (!chat) return parsed(PairColumns, columns, (row) => ({ kind: "pair", ...row }));
  return parsed(ChatPairColumns, columns, ({ prompt, chosen, rejected, ...rest }) => ({
    kind: "chat-pair",
    ...{ prompt, chosen, rejected },
    ...chatExtras(rest),
  }));
}

function implicitPair(columns: Columns, chat: boolean): PairRow | string {
  const nothing = "Its chosen and rejected answers hold nothing to compare.";
  if (!chat) {
    return parsed(SharedColumns, columns, ({ chosen, rejected }) => {
      const shared = sharedText(chosen, rejected);
      return shared ? { kind: "pair", ...shared } : nothing;
    });
  }
  return parsed(ChatSharedColumns, columns, ({ chosen, rejected, ...rest }) => {
    const shared = sharedMessages(chosen, rejected);
    if (!shared) return nothing;
    if (shared.prompt.length === 0)
      return "Its chosen and rejected conversations share no first message as the prompt.";
    return { kind: "chat-pair", ...shared, ...chatExtras(rest) };
  });
}

function parsed<T, R extends Row>(
  schema: z.ZodMiniType<T>,
  columns: Columns,
  make: (value: T) => R | string,
): R | string {
  const result = z.safeParse(schema, columns);
  return result.success ? make(result.data) : wrong(result.error);
}

function chatExtras(row: z.infer<typeof Extras>): ChatExtras {
  return {
    ...(row.tools && row.tools.length > 0 ? { tools: row.tools } : {}),
    ...(row.chat_template_kwargs ? { variables: row.chat_template_kwargs } : {}),
  };
}

function wrong(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return `Its ${issue?.path.join(".") || "content"} ${issue?.code === "invalid_type" || issue?.code === "invalid_union" ? "has the wrong type" : issue?.message}.`;
}

function absent(what: string, columns: Columns): string {
  const names = Object.keys(columns).slice(0, 5).join(", ");
  return `The row has ${what}, but ${names || "nothing"}.`;
}
