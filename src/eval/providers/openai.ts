/**
 * Any server that speaks OpenAI's chat completions: llama-server, Ollama, LM Studio, vLLM, Hugging Face's router. The key
 * is held by this closure alone: it is in no name, message, report or log. A prompt is tried again, after a pause that
 * doubles or that the server asks for, where another try can help; what stays without an answer is a fault.
 */
import { AppError } from "@/errors";
import {
  type CompleteOptions,
  type Completion,
  keyOf,
  type Price,
  type Prompt,
  type Provider,
  type ProviderFault,
} from "@/eval/provider";
import { Fault, readAnswer } from "@/eval/providers/openai-answer";

export interface OpenAIServer {
  /** "http://127.0.0.1:8080/v1"; a missing "/v1" is added. */
  readonly baseUrl: string;
  readonly model: string;
  readonly key?: string | undefined;
  readonly price?: Price;
  /** Pieces as they are made; a server that hangs half-way is seen sooner. */
  readonly stream?: boolean;
  readonly limits?: Partial<ServerLimits>;
  readonly fetch?: typeof fetch;
}

export interface ServerLimits {
  /** Requests at once. */
  readonly parallel: number;
  /** In all, for one prompt. */
  readonly attempts: number;
  /** Between two pieces of an answer. */
  readonly idleMs: number;
  /** For one try as a whole, its first byte included. */
  readonly totalMs: number;
  /** Before the second try; doubles. */
  readonly pauseMs: number;
  /** Questions in a row without an answer, after which the rest is not asked. */
  readonly inVain: number;
  /** The longest pause, whatever the server asks for. */
  readonly longestPauseMs: number;
}

const LIMITS: ServerLimits = {
  parallel: 4,
  attempts: 4,
  idleMs: 60_000,
  totalMs: 300_000,
  pauseMs: 500,
  inVain: 8,
  longestPauseMs: 60_000,
};

const NOT_ASKED = { ok: false, fault: "network", again: true, latencyMs: 0, attempts: 0 } as const;

/** Throws AppError "usage" where the address is none. */
export function openAIProvider(server: OpenAIServer): Provider {
  const limits = { ...LIMITS, ...server.limits };
  const address = addressOf(server.baseUrl);
  let inVain = 0;
  const ask = async (prompt: Prompt, index: number, options: CompleteOptions): Promise<Completion> => {
    if (inVain >= limits.inVain) return { ...NOT_ASKED, message: `The server was silent ${inVain} times in a row.` };
    // Patience is for a server that answers at all.
    const patience = inVain > 0 ? { ...limits, attempts: 1 } : limits;
    const said = await persist(patience, options.signal, (signal) =>
      request(server, address, prompt, index, options, limits, signal),
    );
    inVain = !said.ok && said.again ? inVain + 1 : 0;
    return said;
  };
  return {
    name: `${server.model} at ${new URL(address).host}`,
    id: JSON.stringify([address, server.model]),
    ...(server.price ? { price: server.price } : {}),
    complete: async (prompts, options) => {
      const results: Completion[] = [];
      let next = 0;
      const lane = async () => {
        for (let i = next++; i < prompts.length; i = next++) {
          const completion = await ask(prompts[i] ?? "", i, options);
          results[i] = completion;
          options.onDone?.(i, completion);
        }
      };
      await Promise.all(Array.from({ length: Math.min(limits.parallel, prompts.length) }, lane));
      return results;
    },
  };
}

/** The address without what could hold a secret. */
function addressOf(baseUrl: string): string {
  const url = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username !== "" || url.password !== "") {
    throw new AppError("usage", "The server's address is no http or https address without a name and password in it.", {
      hint: "Write it like http://127.0.0.1:8080/v1; a key goes into its own field or BURNISH_ENDPOINT_KEY.",
    });
  }
  const path = url.pathname.replace(/\/+$/, "").replace(/\/chat\/completions$/, "");
  return `${url.origin}${path === "" ? "/v1" : path}`;
}

async function request(
  { model, key, stream = true, fetch: ask = fetch }: OpenAIServer,
  address: string,
  prompt: Prompt,
  index: number,
  options: CompleteOptions,
  limits: ServerLimits,
  signal: AbortSignal,
) {
  const chat = typeof prompt !== "string";
  const body = {
    model,
    ...(chat ? { messages: prompt } : { prompt }),
    max_tokens: options.maxTokens,
    temperature: options.temperature,
    seed: options.seed + keyOf(options, index),
    ...(options.stop && options.stop.length > 0 ? { stop: options.stop } : {}),
    ...(stream ? { stream: true, stream_options: { include_usage: true } } : {}),
  };
  const response = await ask(`${address}/${chat ? "chat/completions" : "completions"}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...(key ? { authorization: `Bearer ${key}` } : {}) },
    body: JSON.stringify(body),
    // A redirect would take the key along.
    redirect: "error",
    credentials: "omit",
    referrerPolicy: "no-referrer",
    signal,
  });
  return readAnswer(response, limits.idleMs, signal);
}

type Attempt = (signal: AbortSignal) => Promise<{
  text: string;
  promptTokens: number | null;
  completionTokens: number | null;
  truncated: boolean;
}>;

async function persist(limits: ServerLimits, stop: AbortSignal | undefined, attempt: Attempt): Promise<Completion> {
  const began = performance.now();
  let pause = limits.pauseMs;
  for (let attempts = 1; ; attempts++) {
    const tried = performance.now();
    const failed = (fault: ProviderFault, message: string, again = false): Completion => {
      const spent = { latencyMs: performance.now() - began, attempts };
      return { ok: false, fault, ...(again ? { again } : {}), message, ...spent };
    };
    if (stop?.aborted) return failed("stopped", "It was stopped before this prompt was answered.");
    const clock = new AbortController();
    const timer = setTimeout(() => clock.abort(), limits.totalMs);
    try {
      const signal = stop ? AbortSignal.any([stop, clock.signal]) : clock.signal;
      const answer = await attempt(signal);
      return { ok: true, ...answer, latencyMs: performance.now() - tried, attempts };
    } catch (error) {
      if (stop?.aborted) return failed("stopped", "It was stopped before this prompt was answered.");
      const fault = faultOf(error, clock.signal.aborted, limits);
      if (!fault.again || attempts >= limits.attempts) return failed(fault.fault, fault.message, fault.again);
      const wait = Math.min(Math.max(pause, fault.waitMs), limits.longestPauseMs);
      pause *= 2;
      await sleep(wait, stop);
    } finally {
      clearTimeout(timer);
    }
  }
}

function faultOf(error: unknown, late: boolean, limits: ServerLimits): Fault {
  if (error instanceof Fault) return error;
  if (late) return new Fault("timeout", `The server did not finish within ${limits.totalMs / 1000} s.`, true);
  // The platform's own words may carry the address or more.
  return new Fault("network", "The server could not be reached, or the connection broke.", true);
}

function sleep(ms: number, stop: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      stop?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    stop?.addEventListener("abort", end, { once: true });
  });
}
