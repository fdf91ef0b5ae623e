/** What a teacher is given besides the task: examples, or the trace of an agent at work. Text, JSON or JSON lines → text. */
import * as z from "zod/mini";
import { AppError } from "@/errors";

export interface Material {
  readonly kind: "examples" | "trace";
  readonly text: string;
  /** What was left out. */
  readonly notes: readonly string[];
}

/** Of a long trace the beginning says what was asked and the end how it went. */
const HEAD = 16_000;
const TAIL = 8_000;
const MOST_BYTES = 16e6;

const Words = z.union([z.string(), z.array(z.looseObject({ text: z.optional(z.string()) })), z.null()]);
const Message = z.looseObject({ role: z.string(), content: z.optional(Words), tool_calls: z.optional(z.unknown()) });
const Talk = z.looseObject({ messages: z.array(Message) });
const PAIRS = [
  ["prompt", "completion"],
  ["input", "output"],
  ["question", "answer"],
  ["instruction", "response"],
] as const;

export function readMaterial(source: string, kind: Material["kind"], name: string): Material {
  if (source.length > MOST_BYTES)
    throw new AppError("file/too-large", `${name} is larger than ${MOST_BYTES / 1e6} MB.`);
  const text = (transcript(source) ?? source).trim();
  if (text === "")
    throw new AppError("file/malformed", `${name} is empty.`, {
      hint: "Give examples or a trace, as text or JSON lines.",
    });
  if (text.length <= HEAD + TAIL) return { kind, text, notes: [] };
  const cut = text.length - HEAD - TAIL;
  const notes = [`${name} is long: ${cut} characters of its middle were left out.`];
  return { kind, text: `${text.slice(0, HEAD)}\n[… ${cut} characters left out …]\n${text.slice(-TAIL)}`, notes };
}

/** Null where it is no JSON of a known shape: then it is taken as it stands. */
function transcript(source: string): string | null {
  const items = parsed(source);
  if (!items || items.length === 0) return null;
  const lines = items.map(spoken);
  return lines.every((line) => line !== null) ? lines.join("\n\n") : null;
}

function parsed(source: string): unknown[] | null {
  try {
    return [JSON.parse(source)].flat();
  } catch {
    try {
      return source
        .split(/\r?\n/)
        .filter((line) => line.trim() !== "")
        .map((line) => JSON.parse(line) as unknown);
    } catch {
      return null;
    }
  }
}

function spoken(item: unknown): string | null {
  const talk = z.safeParse(Talk, item);
  if (talk.success) return talk.data.messages.map(turn).join("\n");
  const message = z.safeParse(Message, item);
  if (message.success) return turn(message.data);
  if (typeof item !== "object" || item === null) return null;
  const row = item as Record<string, unknown>;
  const pair = PAIRS.find(([question, answer]) => typeof row[question] === "string" && typeof row[answer] === "string");
  return pair ? `Question: ${row[pair[0]]}\nAnswer: ${row[pair[1]]}` : null;
}

function turn({ role, content, tool_calls: calls }: z.infer<typeof Message>): string {
  const words = Array.isArray(content) ? content.map(({ text = "" }) => text).join("") : (content ?? "");
  const called = calls === undefined || calls === null ? "" : ` [calls ${JSON.stringify(calls)}]`;
  return `${role}: ${words}${called}`;
}
