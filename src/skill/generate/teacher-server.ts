/** For tests: a server on loopback that speaks OpenAI's protocol in a real stream, cut anywhere; one handler answers for all models. */
import { createServer } from "node:http";

export interface Asked {
  readonly model: string;
  readonly messages: readonly { readonly role: string; readonly content: string }[];
}

export interface TeacherServer {
  readonly url: string;
  /** In the order in which they came. */
  readonly asked: Asked[];
  close(): void;
}

/** An answer may be a status without text, or null: none ever comes. */
export async function startTeacher(answer: (asked: Asked) => string | number | null): Promise<TeacherServer> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    // A page asks from another origin.
    response.setHeader("access-control-allow-origin", "*");
    if (request.method === "OPTIONS") {
      return void response.writeHead(204, { "access-control-allow-headers": "authorization, content-type" }).end();
    }
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Asked;
      asked.push(body);
      const text = answer(body);
      if (text === null) return;
      if (typeof text === "number") return void response.writeHead(text).end("{}");
      response.writeHead(200, { "content-type": "text/event-stream" });
      const events = [...pieces(text)].map((content) => ({ choices: [{ delta: { content }, finish_reason: null }] }));
      const last = {
        choices: [{ delta: {}, finish_reason: "stop" }],
        usage: { prompt_tokens: 9, completion_tokens: 5 },
      };
      const bytes = Buffer.from(
        [...events, last]
          .map((event) => `data: ${JSON.stringify(event)}\n\n`)
          .concat("data: [DONE]\n\n")
          .join(""),
      );
      // No border of an event, line or character is one of a packet.
      const step = Math.max(37, Math.ceil(bytes.length / 60) | 1);
      for (let at = 0; at < bytes.length; at += step) response.write(bytes.subarray(at, at + step));
      response.end();
    });
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  const url = `http://127.0.0.1:${typeof bound === "object" && bound ? bound.port : 0}/v1`;
  return {
    ...{ url, asked },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function* pieces(text: string): Generator<string> {
  const step = Math.max(5, Math.ceil(text.length / 50));
  for (let at = 0; at < text.length; at += step) yield text.slice(at, at + step);
}
