/**
 * One question to the Hub, and what its answers mean in words. Plain fetch: two kinds of GET are all that is needed, and
 * the download wants to see every byte pass, which @huggingface/hub's whole Blobs would hide.
 *
 * The token goes into one header of requests to the endpoint and nowhere else; a redirect to a storage host drops it.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";

export interface Hub {
  /** Without a slash at its end. */
  readonly endpoint: string;
  readonly token?: string | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly patience?: Patience;
}

export interface Patience {
  /** Milliseconds before each further try; none but these. */
  readonly waits: readonly number[];
  /** Milliseconds without a byte after which a connection counts as cut. */
  readonly stall: number;
}

/** A first question is told off sooner: nothing would be lost by asking again. */
export const impatient = (hub: Hub, tries: number): Hub => {
  const { waits, stall } = hub.patience ?? PATIENCE;
  return { ...hub, patience: { waits: waits.slice(0, tries), stall: Math.min(stall, 10_000) } };
};

export const PATIENCE: Patience = { waits: [500, 1000, 2000, 4000, 8000], stall: 30_000 };

export const patienceOf = ({ patience = PATIENCE }: Hub): Patience => patience;

const LOOPBACK = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/** An address of one's own choice. Throws "usage" for what is none. */
export function parseEndpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.username === "") return url.href.replace(/[?#].*$|\/+$/g, "");
  throw new AppError("usage", "The address of the Hub is not one of http or https.", {
    hint: "It looks like https://huggingface.co.",
  });
}

export const isLoopback = (endpoint: string) =>
  URL.canParse(endpoint) && LOOPBACK.test(new URL(endpoint).hostname) && new URL(endpoint).protocol === "http:";

/** Throws "network/failed" for what may pass, "hub/denied" and "hub/not-found" for what will not. */
export async function ask(
  hub: Hub,
  path: string,
  repo: string,
  headers: Record<string, string> = {},
  stop?: AbortSignal,
) {
  const authorization = bearer(hub);
  const options: RequestInit = {
    headers: { ...headers, ...authorization },
    signal: stop ?? limited(hub),
    credentials: "omit",
    referrerPolicy: "no-referrer",
    // What is kept is kept by us, checked; the browser's own cache would hold it twice.
    cache: "no-store",
  };
  let response: Response;
  try {
    response = await fetch(`${hub.endpoint}${path}`, options);
  } catch (cause) {
    throw stopped(hub) ?? unreachable(hub, cause);
  }
  if (response.ok) return response;
  await response.body?.cancel().catch(() => undefined);
  throw refusal(hub, response, repo);
}

/** For answers that come at once or not at all. */
function limited({ signal, patience = PATIENCE }: Hub): AbortSignal {
  const timeout = AbortSignal.timeout(patience.stall);
  return signal ? AbortSignal.any([signal, timeout]) : timeout;
}

function bearer({ endpoint, token }: Hub): Record<string, string> {
  const clean = token?.trim() ?? "";
  if (clean === "") return {};
  // fetch would repeat a wrong header in its error.
  if (!/^[\x21-\x7e]{1,500}$/.test(clean)) {
    throw new AppError("usage", "What was given as a token is none.", { hint: "Tokens look like hf_ and letters." });
  }
  if (!endpoint.startsWith("https:") && !isLoopback(endpoint)) {
    throw new AppError("usage", "A token is only sent over https.", { hint: `Use https instead of ${endpoint}.` });
  }
  return { Authorization: `Bearer ${clean}` };
}

/** Throws "usage" for what is no token, and for an endpoint that would carry it in the clear. */
export function requireSafeToken(hub: Hub): void {
  bearer(hub);
}

export function stopped({ signal }: Hub): AppError | undefined {
  if (!signal?.aborted) return undefined;
  return new AppError("run/stopped", "The download was stopped.", {
    hint: "It goes on where it stood when you ask again.",
  });
}

function unreachable({ endpoint }: Hub, cause: unknown): AppError {
  return new AppError("network/failed", `${new URL(endpoint).host} could not be reached.`, {
    hint: "Check the connection, then try again: a download goes on where it stood.",
    cause,
  });
}

function refusal({ endpoint, token }: Hub, response: Response, repo: string): AppError {
  const { status, headers } = response;
  const code = headers.get("X-Error-Code");
  const page = `${endpoint}/${repo}`;
  if (code === "GatedRepo" || status === 403) {
    return new AppError("hub/denied", `${repo} is only for those who accepted its terms.`, {
      hint: `Accept its licence on its page, ${page}, then give a token that may read it (huggingface.co/settings/tokens).`,
    });
  }
  if (code === "RevisionNotFound" || code === "EntryNotFound") {
    const what = code === "RevisionNotFound" ? "revision" : "file";
    return new AppError("hub/not-found", `${repo} has no such ${what}.`, {
      hint: `Look at its files: ${page}/tree/main.`,
    });
  }
  // To strangers the Hub says 401 for private and for absent ones alike.
  if (status === 401 && token) {
    return new AppError("hub/denied", `This token does not open ${repo}, or there is no such model.`, {
      hint: "Check the name, and that the token is whole, not expired, and may read this model.",
    });
  }
  if (status === 401) {
    return new AppError("hub/denied", `${repo} does not exist, or it is private.`, {
      hint: "Check the name. For a private or gated model give a token (huggingface.co/settings/tokens).",
    });
  }
  if (status === 404) {
    return new AppError("hub/not-found", `There is no model ${repo} on ${new URL(endpoint).host}.`, {
      hint: "Check owner and name, as in the address of its page.",
    });
  }
  if (status === 416)
    return new AppError("hub/corrupt", "The file on the Hub is shorter than its list says.", {
      hint: "Try again later; the Hub may be between two states.",
    });
  const busy = status === 429 ? "too many requests at once" : `an error (${status})`;
  const retry = status === 429 || status >= 500;
  return new AppError(retry ? "network/failed" : "hub/not-found", `The Hub answered with ${busy}.`, {
    hint: "Wait a few minutes, then try again: a download goes on where it stood.",
  });
}

const MAX_JSON = 32_000_000;

/** The body as JSON of this shape. Throws "file/malformed" for a web page, broken JSON or another shape. */
export async function readJson<T>(response: Response, what: string, schema: z.ZodMiniType<T>): Promise<T> {
  const text = await limitedText(response, what);
  const html = response.headers.get("content-type")?.startsWith("text/html") || text.trimStart().startsWith("<");
  const fault = (why: string) =>
    new AppError("file/malformed", `${what} came as ${why}.`, {
      hint: "Something between here and the Hub answers in its place: a login page, a proxy, a wrong address.",
    });
  if (html) throw fault("a web page, not as JSON");
  if (text.length >= MAX_JSON) throw fault("more than any model has");
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw fault("something that is not JSON");
  }
  const parsed = z.safeParse(schema, value);
  if (parsed.success) return parsed.data;
  const { path = [], message = "" } = parsed.error.issues[0] ?? {};
  throw fault(`JSON of another shape (${path.join(".")}: ${message})`);
}

/** Of a body that does not end, the first MAX_JSON bytes or a little more. */
async function limitedText({ body }: Response, what: string): Promise<string> {
  const decoder = new TextDecoder();
  const reader = body?.getReader();
  let text = "";
  try {
    for (let bytes = 0; reader && bytes < MAX_JSON; ) {
      const { done, value } = await reader.read();
      if (done) break;
      bytes += value.length;
      text += decoder.decode(value, { stream: true });
    }
  } catch (cause) {
    throw new AppError("network/failed", `${what} broke off on its way.`, {
      hint: "Check the connection, then try again.",
      cause,
    });
  }
  await reader?.cancel().catch(() => undefined);
  return text;
}

/** Tries again after network faults, with growing pauses; any progress in between starts the count anew. */
export async function patiently<T>(hub: Hub, progress: () => number, task: () => Promise<T>): Promise<T> {
  const { waits } = hub.patience ?? PATIENCE;
  let failures = 0;
  for (;;) {
    const before = progress();
    try {
      return await task();
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== "network/failed") throw error;
      failures = progress() > before ? 1 : failures + 1;
      const wait = waits[failures - 1];
      if (wait === undefined) throw error;
      await pause(wait, hub.signal);
      const stop = stopped(hub);
      if (stop) throw stop;
    }
  }
}

function pause(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
