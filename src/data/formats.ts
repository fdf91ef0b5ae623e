/**
 * A record of a file → a row of one of TRL's supervised shapes: text; prompt + completion, as strings or as messages;
 * messages. ShareGPT's conversations (from, value) become messages, as TRL makes them.
 *
 * TRL decides by the first row and fails later on others; here each row is checked against the first, with its line.
 */
import * as z from "zod/mini";
import type { Message } from "@/tokenizer/chat-template";
import type { DataFault } from "@/worker/api";
import type { DataRecord } from "./read";

interface ChatExtras {
  readonly tools?: readonly unknown[];
  /** TRL's chat_template_kwargs. */
  readonly variables?: Readonly<Record<string, unknown>>;
}
export type Row =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "completion"; readonly prompt: string; readonly completion: string }
  | ({
      readonly kind: "chat";
      readonly prompt: readonly Message[];
      readonly completion: readonly Message[];
    } & ChatExtras)
  | ({ readonly kind: "messages"; readonly messages: readonly Message[] } & ChatExtras);

/** TRL's names of the shapes, for people. */
export const TYPE_NAMES: Readonly<Record<Row["kind"], string>> = {
  text: "language-modeling",
  completion: "prompt-completion",
  chat: "prompt-completion",
  messages: "messages",
};

export interface FormattedRow {
  readonly line: number;
  readonly row: Row;
}

const MessageSchema = z.pipe(
  z.looseObject({
    role: z.optional(z.string()),
    from: z.optional(z.string()),
    content: z.optional(z.nullable(z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]))),
    value: z.optional(z.string()),
  }),
  z.transform(({ from, value, ...rest }): Message => {
    const role = rest.role ?? SHAREGPT_ROLES[from ?? ""] ?? from ?? "";
    return value === undefined ? { ...rest, role } : { ...rest, role, content: value };
  }),
);
const SHAREGPT_ROLES: Readonly<Record<string, string>> = { human: "user", gpt: "assistant" };

const messages = z.array(MessageSchema).check(
  z.minLength(1, "is empty"),
  z.refine((list) => list.every(({ role }) => role !== ""), "has a message without a role"),
);
const someText = z.string().check(z.minLength(1, "is empty"));
const Tools = z.pipe(
  z.union([z.array(z.unknown()), z.pipe(z.string(), z.transform(parseOrNull))]),
  z.array(z.unknown()),
);
const extras = {
  tools: z.optional(z.nullable(Tools)),
  chat_template_kwargs: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
};

const TextRow = z.object({ text: someText });
const CompletionRow = z.object({ prompt: z.string(), completion: someText });
const ChatRow = z.object({ prompt: messages, completion: messages, ...extras });
const MessagesRow = z.object({ messages, ...extras });

/** Rows of one shape, that of the first good one; the others become faults. */
export function formatRows(records: readonly DataRecord[]): { rows: FormattedRow[]; faults: DataFault[] } {
  const rows: FormattedRow[] = [];
  const faults: DataFault[] = [];
  for (const { line, value } of records) {
    const row = formatRow(value);
    const kind = rows[0]?.row.kind;
    if (typeof row === "string") faults.push({ line, message: row });
    else if (kind !== undefined && row.kind !== kind) {
      faults.push({ line, message: `The row is of the shape ${describe(row.kind)}, the first one ${describe(kind)}.` });
    } else rows.push({ line, row });
  }
  return { rows, faults };
}

/** The row, or what is wrong with it in one sentence. */
export function formatRow(value: unknown): Row | string {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return "The row is not an object.";
  const has = (key: string) => key in value && (value as Record<string, unknown>)[key] !== null;
  if (has("prompt") && has("completion")) return formatPair(value);
  const list = has("messages") ? "messages" : "conversations";
  if (has(list)) {
    const parsed = z.safeParse(MessagesRow, { ...value, messages: (value as Record<string, unknown>)[list] });
    return parsed.success
      ? { kind: "messages", messages: parsed.data.messages, ...chatExtras(parsed.data) }
      : wrong(parsed.error);
  }
  if (has("text")) {
    const parsed = z.safeParse(TextRow, value);
    return parsed.success ? { kind: "text", text: parsed.data.text } : wrong(parsed.error);
  }
  const columns = Object.keys(value).slice(0, 5).join(", ");
  return `The row has neither prompt and completion, nor messages, nor text, but ${columns || "nothing"}.`;
}

function formatPair(value: object): Row | string {
  if ("prompt" in value && Array.isArray(value.prompt)) {
    const parsed = z.safeParse(ChatRow, value);
    if (!parsed.success) return wrong(parsed.error);
    const { prompt, completion } = parsed.data;
    return { kind: "chat", prompt, completion, ...chatExtras(parsed.data) };
  }
  const parsed = z.safeParse(CompletionRow, value);
  return parsed.success ? { kind: "completion", ...parsed.data } : wrong(parsed.error);
}

function chatExtras(row: z.infer<typeof MessagesRow> | z.infer<typeof ChatRow>): ChatExtras {
  return {
    ...(row.tools ? { tools: row.tools } : {}),
    ...(row.chat_template_kwargs ? { variables: row.chat_template_kwargs } : {}),
  };
}

function wrong(error: z.core.$ZodError): string {
  const issue = error.issues[0];
  return `Its ${issue?.path.join(".") ?? "content"} ${issue?.code === "invalid_type" ? "has the wrong type" : issue?.message}.`;
}

function describe(kind: Row["kind"]): string {
  return kind === "chat" ? "prompt-completion with messages" : TYPE_NAMES[kind];
}

function parseOrNull(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
