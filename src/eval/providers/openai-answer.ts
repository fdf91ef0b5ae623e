/** An answer of an OpenAI-compatible server, whole or in server-sent events, held to limits and to its schema. */
import * as z from "zod/mini";
import type { ProviderFault } from "@/eval/provider";

/** Why a try failed, and whether another can help. */
export class Fault extends Error {
  readonly fault: ProviderFault;
  readonly again: boolean;
  /** Asked for by the server. */
  readonly waitMs: number;

  constructor(fault: ProviderFault, message: string, again: boolean, waitMs = 0) {
    super(message);
    this.fault = fault;
    this.again = again;
    this.waitMs = waitMs;
  }
}

export interface Answer {
  readonly text: string;
  readonly promptTokens: number | null;
  readonly completionTokens: number | null;
  readonly truncated: boolean;
}

const MAX_BYTES = 8_000_000;

const Count = z.number().check(z.nonnegative());
const Usage = z.object({
  prompt_tokens: z.optional(z.nullable(Count)),
  completion_tokens: z.optional(z.nullable(Count)),
});
const Text = z.optional(z.nullable(z.string()));
const Body = z.object({
  choices: z.array(
    z.object({
      message: z.optional(z.object({ content: Text })),
      delta: z.optional(z.object({ content: Text })),
      text: Text,
      finish_reason: Text,
    }),
  ),
  usage: z.optional(z.nullable(Usage)),
});
type Body = z.infer<typeof Body>;

export async function readAnswer(response: Response, idleMs: number, signal: AbortSignal): Promise<Answer> {
  if (!response.ok) {
    await response.body?.cancel().catch(() => {});
    throw refusal(response);
  }
  const streamed = response.headers.get("content-type")?.startsWith("text/event-stream") ?? false;
  return streamed ? readEvents(response, idleMs, signal) : readWhole(response, idleMs, signal);
}

function refusal({ status, headers }: Response): Fault {
  const waitMs = retryAfter(headers.get("retry-after"));
  if (status === 429) return new Fault("rate-limit", "The server says that it is asked too often (429).", true, waitMs);
  if (status === 401 || status === 403) {
    return new Fault("denied", `The server refuses the key, or wants one (${status}).`, false);
  }
  if (status === 413) return new Fault("too-long", "The server says that the prompt is too long (413).", false);
  const again = status === 408 || status === 409 || status >= 500;
  return new Fault("status", `The server answered with status ${status}.`, again, waitMs);
}

/** Seconds or a date. */
function retryAfter(text: string | null): number {
  if (text === null) return 0;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text) - Date.now();
  return Number.isFinite(ms) && ms > 0 ? ms : 0;
}

async function readWhole(response: Response, idleMs: number, signal: AbortSignal): Promise<Answer> {
  let text = "";
  for await (const piece of piecesOf(response, idleMs, signal)) text += piece;
  const [choice, usage] = choiceOf(parse(text));
  return {
    text: choice?.message?.content ?? choice?.text ?? nothing(),
    promptTokens: usage?.prompt_tokens ?? null,
    completionTokens: usage?.completion_tokens ?? null,
    truncated: choice?.finish_reason === "length",
  };
}

async function readEvents(response: Response, idleMs: number, signal: AbortSignal): Promise<Answer> {
  let [pending, text, reason, done] = ["", "", "", false];
  let usage: Body["usage"];
  const take = (line: string) => {
    // Comments keep the connection open.
    if (!line.startsWith("data:")) return;
    const data = line.slice(5).trim();
    if (data === "[DONE]") {
      done = true;
      return;
    }
    const [choice, counted] = choiceOf(parse(data));
    text += choice?.delta?.content ?? choice?.text ?? "";
    reason = choice?.finish_reason ?? reason;
    usage = counted ?? usage;
  };
  for await (const piece of piecesOf(response, idleMs, signal)) {
    const lines = (pending + piece).split(/\r?\n/);
    pending = lines.pop() ?? "";
    lines.forEach(take);
  }
  take(pending);
  if (!done && reason === "") throw new Fault("network", "The connection ended half-way through an answer.", true);
  const [promptTokens, completionTokens] = [usage?.prompt_tokens ?? null, usage?.completion_tokens ?? null];
  return { text, promptTokens, completionTokens, truncated: reason === "length" };
}

/** Throws Fault "timeout" when no next piece comes, "malformed" when there are too many. */
async function* piecesOf(response: Response, idleMs: number, signal: AbortSignal): AsyncGenerator<string> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const decoder = new TextDecoder();
  let bytes = 0;
  try {
    for (;;) {
      const { value, done } = await within(reader.read(), idleMs);
      if (done || signal.aborted) break;
      bytes += value.length;
      if (bytes > MAX_BYTES) throw new Fault("malformed", "The answer is longer than 8 MB.", false);
      yield decoder.decode(value, { stream: true });
    }
    yield decoder.decode();
  } finally {
    reader.cancel().catch(() => {});
  }
}

/** Throws Fault "timeout" when it takes longer. */
export async function within<T>(promise: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Fault("timeout", `The server said nothing for ${ms / 1000} s.`, true)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function parse(text: string): Body {
  try {
    return Body.parse(JSON.parse(text));
  } catch {
    throw new Fault("malformed", "The server's answer is not what OpenAI's protocol says.", true);
  }
}

const choiceOf = ({ choices, usage }: Body) => [choices[0], usage ?? undefined] as const;

function nothing(): never {
  throw new Fault("malformed", "The server's answer holds no text.", true);
}
