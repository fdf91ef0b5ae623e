/**
 * Columns as people have them → columns under TRL's names: a mapping by hand, cells that hold JSON, ShareGPT, Alpaca,
 * OpenAI's files. Columns that TRL knows are left alone, and nothing here looks into the text itself.
 *
 * ShareGPT's speakers become roles (human → user, gpt → assistant); TRL 1.16 keeps the speakers' names as roles, which
 * a chat template then writes out, so `dispatch.ts` tells of it.
 */
type Columns = Readonly<Record<string, unknown>>;

export interface ConvertOptions {
  /** TRL's name → the file's name. When any is given, only these columns are read. */
  readonly columns?: Readonly<Record<string, string>>;
  /** Whether the model has a chat template, so that instructions become turns rather than text. */
  readonly chat?: boolean;
}

/** The columns that any trainer reads, and those that the foreign shapes have. */
export const TRL_COLUMNS = [
  ...["text", "messages", "prompt", "completion", "chosen", "rejected", "label"],
  ...["tools", "chat_template_kwargs"],
] as const;
export const FOREIGN_COLUMNS = [
  ...["conversations", "instruction", "input", "output", "system", "history"],
  ...["preferred_output", "non_preferred_output", "functions"],
] as const;

const LISTS = ["messages", "conversations", "prompt", "completion", "chosen", "rejected"] as const;
const SPEAKERS: Readonly<Record<string, string>> = {
  human: "user",
  gpt: "assistant",
  chatgpt: "assistant",
  bing: "assistant",
  bard: "assistant",
  function_call: "assistant",
  observation: "tool",
};

/** The row under TRL's names, or what is wrong with it in one sentence. */
export function toTrlColumns(value: Columns, { columns = {}, chat = true }: ConvertOptions = {}): Columns | string {
  const mapped = Object.keys(columns).length > 0 ? pick(value, columns) : value;
  const row: Record<string, unknown> = { ...fromOpenAiPreference(mapped) };
  for (const name of LISTS) row[name] = asMessages(row[name]);
  for (const name of LISTS) if (row[name] === undefined) delete row[name];
  if (row.conversations !== undefined && row.messages === undefined) {
    row.messages = row.conversations;
    delete row.conversations;
  }
  if (row.tools === undefined && Array.isArray(row.functions)) {
    row.tools = row.functions.map((definition: unknown) => ({ type: "function", function: definition }));
  }
  for (const name of ["tools", "chat_template_kwargs"]) {
    const cell = row[name];
    if (typeof cell !== "string") continue;
    if (cell.trim() === "") delete row[name];
    else {
      const parsed = parseJson(cell);
      if (parsed === undefined) return `Its ${name} is text, but not JSON.`;
      row[name] = parsed;
    }
  }
  return isAlpaca(row) ? fromAlpaca(row, chat) : row;
}

function pick(value: Columns, columns: Readonly<Record<string, string>>): Columns {
  const row: Record<string, unknown> = {};
  for (const [name, source] of Object.entries(columns)) {
    if (Object.hasOwn(value, source)) row[name] = value[source];
  }
  return row;
}

/** A list of messages in TRL's form; a cell with JSON of one is opened; anything else stays as it is. */
function asMessages(value: unknown): unknown {
  const list = typeof value === "string" && /^\s*\[\s*\{/.test(value) ? (parseJson(value) ?? value) : value;
  if (!Array.isArray(list) || !list.every(isRecord)) return value;
  if (typeof value === "string" && !list.every((message) => "role" in message || "from" in message)) return value;
  return list.map(asMessage);
}

function asMessage(message: Columns): Columns {
  if (!("from" in message) && !("value" in message)) return message;
  const { from, value, ...rest } = message;
  const speaker = typeof from === "string" ? (SPEAKERS[from] ?? from) : from;
  return {
    ...rest,
    ...(rest.role === undefined && speaker !== undefined ? { role: speaker } : {}),
    ...(rest.content === undefined && value !== undefined ? { content: value } : {}),
  };
}

function isAlpaca(row: Columns): boolean {
  const known = ["text", "messages", "prompt", "completion", "chosen"].some((name) => row[name] != null);
  return !known && typeof row.instruction === "string" && typeof row.output === "string";
}

/** Turns of a conversation where the model has a chat template; else Alpaca's headings. */
function fromAlpaca(row: Columns, chat: boolean): Columns {
  const { instruction, input, output, system, history, ...rest } = row;
  const asked = [instruction, input].filter((part) => typeof part === "string" && part !== "").join("\n\n");
  if (chat) {
    const turns = Array.isArray(history) ? history.flatMap(asTurns) : [];
    const before = typeof system === "string" && system !== "" ? [{ role: "system", content: system }] : [];
    return {
      ...rest,
      prompt: [...before, ...turns, { role: "user", content: asked }],
      completion: [{ role: "assistant", content: output }],
    };
  }
  const context = typeof input === "string" && input !== "" ? `### Input:\n${input}\n\n` : "";
  return {
    ...rest,
    prompt: `### Instruction:\n${instruction}\n\n${context}### Response:\n`,
    completion: output,
  };
}

const asTurns = (pair: unknown) =>
  Array.isArray(pair)
    ? [
        { role: "user", content: pair[0] },
        { role: "assistant", content: pair[1] },
      ]
    : [];

/** {input: {messages, tools}, preferred_output, non_preferred_output}, the file of OpenAI's preference tuning. */
function fromOpenAiPreference(row: Columns): Columns {
  const { input, preferred_output: chosen, non_preferred_output: rejected, ...rest } = row;
  if (!isRecord(input) || chosen === undefined || rejected === undefined) return row;
  const tools = input.tools === undefined ? {} : { tools: input.tools };
  return { ...rest, prompt: input.messages, chosen, rejected, ...tools };
}

const isRecord = (value: unknown): value is Columns =>
  typeof value === "object" && value !== null && !Array.isArray(value);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
