/** Against a server on loopback that is kind, slow, garbled, overrun or dying, on demand. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { costOfTokens, costPerPass } from "@/eval/provider";
import { type OpenAIServer, openAIProvider } from "@/eval/providers/openai";

type Handler = (
  request: { body: Record<string, unknown>; headers: IncomingMessage["headers"] },
  out: ServerResponse,
) => void;

let handle: Handler = () => {};
let asked = 0;
const held = new Set<ServerResponse>();
const server = createServer((request, response) => {
  let text = "";
  request.on("data", (chunk) => {
    text += chunk;
  });
  request.on("end", () => {
    asked++;
    held.add(response);
    handle({ body: JSON.parse(text), headers: request.headers }, response);
  });
});
let baseUrl = "";
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  baseUrl = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}`;
});
afterAll(() => {
  for (const response of held) response.destroy();
  server.closeAllConnections();
  server.close();
});

const LIMITS = { attempts: 3, idleMs: 300, totalMs: 20_000, pauseMs: 1 };
const KEY = "sk-secret-7f3";
const OPTIONS = { maxTokens: 8, temperature: 0, seed: 5 };
const ask = (handler: Handler, more: Partial<OpenAIServer> = {}, prompts: readonly string[] = ["Say hello"]) => {
  handle = handler;
  asked = 0;
  const provider = openAIProvider({ baseUrl, model: "tiny", key: KEY, limits: LIMITS, ...more });
  return provider.complete(
    prompts.map((content) => [{ role: "user", content }]),
    OPTIONS,
  );
};

const whole = (content: string) =>
  JSON.stringify({
    choices: [{ message: { content }, finish_reason: "stop" }],
    usage: { prompt_tokens: 3, completion_tokens: 2 },
  });
const json = (out: ServerResponse, text: string, status = 200, headers = {}) =>
  out.writeHead(status, { "content-type": "application/json", ...headers }).end(text);
const stream = (out: ServerResponse) => out.writeHead(200, { "content-type": "text/event-stream" });
const piece = (content: string, finish_reason: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ delta: { content }, finish_reason }] })}\n\n`;
const USAGE = `data: ${JSON.stringify({ choices: [], usage: { prompt_tokens: 3, completion_tokens: 2 } })}\n\ndata: [DONE]\n\n`;

describe("a server that answers", () => {
  test("whole: text, tokens, the request's fields, the key as a header only", async () => {
    const seen: unknown[] = [];
    const [got] = await ask(
      ({ body, headers }, out) => {
        seen.push(body, headers.authorization);
        json(out, whole("Hello."));
      },
      { stream: false },
    );
    expect(got).toMatchObject({ ok: true, text: "Hello.", promptTokens: 3, completionTokens: 2, attempts: 1 });
    expect(seen).toEqual([
      {
        model: "tiny",
        messages: [{ role: "user", content: "Say hello" }],
        max_tokens: 8,
        temperature: 0,
        seed: 5,
      },
      `Bearer ${KEY}`,
    ]);
  });

  test("streamed, cut anywhere, with comments between, ended by length", async () => {
    const text = `: hold on\n\n${piece("Grüß ")}${piece("dich", "length")}${USAGE}`;
    const bytes = Buffer.from(text);
    const [got] = await ask((_, out) => {
      stream(out);
      for (let at = 0; at < bytes.length; at += 7) out.write(bytes.subarray(at, at + 7));
      out.end();
    });
    expect(got).toMatchObject({ ok: true, text: "Grüß dich", truncated: true, promptTokens: 3, completionTokens: 2 });
  });

  test("many at once, in the order of the prompts", async () => {
    let [open, most] = [0, 0];
    const prompts = Array.from({ length: 12 }, (_, i) => `p${i}`);
    const got = await ask(
      ({ body }, out) => {
        most = Math.max(most, ++open);
        const [message] = body.messages as { content: string }[];
        setTimeout(() => {
          open--;
          json(out, whole(`to ${message?.content}`));
        }, 10);
      },
      { limits: { ...LIMITS, parallel: 3 } },
      prompts,
    );
    expect(got.map((completion) => completion.ok && completion.text)).toEqual(prompts.map((name) => `to ${name}`));
    expect(most).toBe(3);
  });

  test("a prompt as text goes to completions", async () => {
    let path = "";
    handle = (_, out) => json(out, JSON.stringify({ choices: [{ text: " there" }] }));
    server.once("request", ({ url }) => {
      path = url ?? "";
    });
    const [got] = await openAIProvider({ baseUrl: `${baseUrl}/v1/`, model: "tiny" }).complete(["Hello"], OPTIONS);
    expect([path, got?.ok && got.text]).toEqual(["/v1/completions", " there"]);
  });
});

describe("a server that does not", () => {
  const first =
    (bad: Handler, good: Handler): Handler =>
    (request, out) =>
      (asked === 1 ? bad : good)(request, out);
  const good: Handler = (_, out) => json(out, whole("Hello."));

  test.each<[string, Handler]>([
    ["hangs", () => {}],
    [
      "hangs half-way",
      (_, out) => {
        stream(out).write(piece("Hel"));
      },
    ],
    [
      "dies half-way",
      (_, out) => {
        stream(out).write(piece("Hel"));
        setTimeout(() => out.destroy(), 20);
      },
    ],
    ["ends half-way", (_, out) => void stream(out).end(piece("Hel"))],
    ["streams garbage", (_, out) => void stream(out).end('data: {"choices": 7}\n\ndata: \u0000\n\n')],
    ["sends a page", (_, out) => void json(out, "<html>busy</html>")],
    ["sends null", (_, out) => void json(out, '{"choices":[{"message":{"content":null}}]}')],
    ["is overrun", (_, out) => void json(out, "{}", 429)],
    ["is broken", (_, out) => void json(out, "{}", 503)],
    ["drops the line", (_, out) => void out.destroy()],
  ])("%s: tried again, then counted as an error", async (_, bad) => {
    const limits = { ...LIMITS, attempts: 2, totalMs: 400 };
    expect(await ask(first(bad, good), { limits: { ...limits, idleMs: 1_500, totalMs: 3_000 } })).toMatchObject([
      { ok: true, text: "Hello.", attempts: 2 },
    ]);
    const [got] = await ask(bad, { limits });
    expect(got).toMatchObject({ ok: false, attempts: 2 });
    expect(asked).toBe(2);
    expect(JSON.stringify(got)).not.toContain(KEY);
  });

  test("faults are told apart", async () => {
    const faults = async (bad: Handler) =>
      (await ask(bad, { limits: { ...LIMITS, attempts: 1, totalMs: 400 } })).map((got) => !got.ok && got.fault);
    expect(await faults(() => {})).toEqual(["timeout"]);
    expect(await faults((_, out) => void json(out, "{}", 429))).toEqual(["rate-limit"]);
    expect(await faults((_, out) => void json(out, "<html>"))).toEqual(["malformed"]);
    expect(await faults((_, out) => void out.destroy())).toEqual(["network"]);
  });

  test("waits as long as it is asked to", async () => {
    const began = performance.now();
    const got = await ask(first((_, out) => void json(out, "{}", 429, { "retry-after": "0.4" }), good));
    expect(got).toMatchObject([{ ok: true, attempts: 2 }]);
    expect(performance.now() - began).toBeGreaterThan(390);
  });

  test("a refused key is not tried again", async () => {
    expect(await ask((_, out) => void json(out, "{}", 401))).toMatchObject([
      { ok: false, fault: "denied", attempts: 1 },
    ]);
  });

  test("a redirect is not followed, since it would take the key along", async () => {
    const got = await ask((_, out) => void out.writeHead(307, { location: `${baseUrl}/other` }).end());
    expect(got).toMatchObject([{ ok: false, fault: "network" }]);
  });

  test("one failure is no other's; what was had is told as it comes; a stop ends the rest", async () => {
    const stop = new AbortController();
    const done: [number, boolean][] = [];
    handle = ({ body }, out) => {
      const [message] = body.messages as { content: string }[];
      json(out, whole("ok"), message?.content === "1" ? 500 : 200);
    };
    const provider = openAIProvider({ baseUrl, model: "tiny", limits: { ...LIMITS, parallel: 1 } });
    const got = await provider.complete(
      ["0", "1", "2", "3"].map((content) => [{ role: "user", content }]),
      {
        ...OPTIONS,
        signal: stop.signal,
        onDone: (index, { ok }) => {
          done.push([index, ok]);
          if (index === 2) stop.abort();
        },
      },
    );
    expect(got.map((completion) => (completion.ok ? "ok" : completion.fault))).toEqual([
      "ok",
      "status",
      "ok",
      "stopped",
    ]);
    expect(done.slice(0, 3)).toEqual([
      [0, true],
      [1, false],
      [2, true],
    ]);
  });
});

test("addresses that hide a secret, or are none, are refused; names hold no key", () => {
  for (const bad of ["ftp://x", "http://me:pw@host/v1", "not an address"])
    expect(() => openAIProvider({ baseUrl: bad, model: "m" })).toThrow(/address/);
  const provider = openAIProvider({ baseUrl: "http://localhost:11434/v1?api_key=abc", model: "m", key: KEY });
  expect(JSON.stringify([provider.name, provider])).not.toMatch(/abc|secret/);
});

test("cost is tokens times price, per pass; unknown where a part is", () => {
  const cost = costOfTokens(2_000, 1_000, { input: 2, output: 10 });
  expect(cost).toBeCloseTo(0.014, 12);
  expect(costPerPass(cost, 2)).toBeCloseTo(0.007, 12);
  expect(costPerPass(cost, 0)).toBeNull();
  expect(costOfTokens(null, 1, { input: 1, output: 1 })).toBeNull();
  expect(costOfTokens(1, 1, undefined)).toBeNull();
});
