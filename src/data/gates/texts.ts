/** The texts of a row: what is asked, what is answered, and the same row with its texts rewritten. */
import type { Row } from "@/data/row";
import type { Message } from "@/tokenizer/chat-template";

export interface RowTexts {
  readonly prompt: string;
  readonly answer: string;
  readonly rejected: string | null;
  readonly messages: readonly Message[] | null;
}

export function textsOf(row: Row): RowTexts {
  switch (row.kind) {
    case "text":
      return { prompt: "", answer: row.text, rejected: null, messages: null };
    case "completion":
    case "unpaired":
      return { prompt: row.prompt, answer: row.completion, rejected: null, messages: null };
    case "pair":
      return { prompt: row.prompt, answer: row.chosen, rejected: row.rejected, messages: null };
    case "prompt":
      return { prompt: row.prompt, answer: "", rejected: null, messages: null };
    case "messages": {
      const at = row.messages.findLastIndex(({ role }) => role === "assistant");
      const border = at < 0 ? row.messages.length : at;
      return chat(row.messages.slice(0, border), row.messages.slice(border), null, row.messages);
    }
    case "chat":
    case "chat-unpaired":
      return chat(row.prompt, row.completion, null, [...row.prompt, ...row.completion]);
    case "chat-pair":
      return chat(row.prompt, row.chosen, join(row.rejected), [...row.prompt, ...row.chosen]);
    case "chat-prompt":
      return chat(row.prompt, [], null, row.prompt);
  }
}

function chat(
  prompt: readonly Message[],
  answer: readonly Message[],
  rejected: string | null,
  messages: readonly Message[],
): RowTexts {
  return { prompt: join(prompt), answer: join(answer), rejected, messages };
}

const join = (messages: readonly Message[]) => messages.map(messageText).join("\n");

/** A content of parts gives its texts; a message that only calls tools gives the calls. */
export function messageText({ content, tool_calls: calls }: Message): string {
  if (typeof content === "string" && content !== "") return content;
  if (Array.isArray(content)) {
    return content.map((part: { text?: unknown }) => (typeof part?.text === "string" ? part.text : "")).join("");
  }
  return calls ? JSON.stringify(calls) : "";
}

/** Every text of the row rewritten; roles, tools and other columns stay. */
export function mapTexts(row: Row, rewrite: (text: string) => string): Row {
  const list = (messages: readonly Message[]) => messages.map((message) => mapMessage(message, rewrite));
  switch (row.kind) {
    case "text":
      return { ...row, text: rewrite(row.text) };
    case "completion":
    case "unpaired":
      return { ...row, prompt: rewrite(row.prompt), completion: rewrite(row.completion) };
    case "pair":
      return { ...row, prompt: rewrite(row.prompt), chosen: rewrite(row.chosen), rejected: rewrite(row.rejected) };
    case "prompt":
      return { ...row, prompt: rewrite(row.prompt) };
    case "messages":
      return { ...row, messages: list(row.messages) };
    case "chat":
    case "chat-unpaired":
      return { ...row, prompt: list(row.prompt), completion: list(row.completion) };
    case "chat-pair":
      return { ...row, prompt: list(row.prompt), chosen: list(row.chosen), rejected: list(row.rejected) };
    case "chat-prompt":
      return { ...row, prompt: list(row.prompt) };
  }
}

function mapMessage(message: Message, rewrite: (text: string) => string): Message {
  const { content } = message;
  if (typeof content === "string") return { ...message, content: rewrite(content) };
  if (!Array.isArray(content)) return message;
  const parts = content.map((part: object) =>
    "text" in part && typeof part.text === "string" ? { ...part, text: rewrite(part.text) } : part,
  );
  return { ...message, content: parts };
}
