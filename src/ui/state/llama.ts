/**
 * llama.cpp in this page (wllama): opens an exported GGUF as a stranger would, for the self-test and for trying it beside
 * our own engine. Its code and its WASM, 9 MB, come from this page's own build, and only when they are asked for.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { OutsideAsk, TokenLead } from "@/worker/api/self-test";

export interface Llama {
  readonly ask: OutsideAsk;
  /** Greedy, with the words as a user's turn of the template that lies in the file. */
  chat(words: string, maxTokens: number): Promise<string>;
  release(): Promise<void>;
}

/** Likeliest tokens that it lists. */
const LEADS = 12;
const CONTEXT = 1024;

/** What its server answers, in so far as it is read. */
const Lead = z.looseObject({ id: z.int(), logprob: z.number() });
const Answer = z.looseObject({
  choices: z.array(
    z.looseObject({
      text: z.string(),
      logprobs: z.nullish(
        z.looseObject({ content: z.nullish(z.array(z.looseObject({ top_logprobs: z.array(Lead) }))) }),
      ),
    }),
  ),
});

/** Throws "export/self-test" for a file that llama.cpp does not open. */
export async function openLlama(gguf: Blob): Promise<Llama> {
  const [{ Wllama, LoggerWithoutDebug }, { default: wasm }] = await Promise.all([
    import("@wllama/wllama/esm/index.js"),
    import("@wllama/wllama/esm/wasm/wllama.wasm?url"),
  ]);
  const wllama = new Wllama(
    { default: new URL(wasm, document.baseURI).href },
    { suppressNativeLog: true, allowOffline: true, logger: LoggerWithoutDebug },
  );
  try {
    // On the CPU: the GPU is our own engine's.
    await wllama.loadModel([gguf], { n_ctx: CONTEXT, n_gpu_layers: 0, warmup: false });
  } catch (cause) {
    await wllama.exit().catch(() => undefined);
    throw new AppError("export/self-test", `llama.cpp does not open the exported file: ${words(cause)}`, {
      hint: "Choose another format, and please report it with the model's name.",
      cause,
    });
  }
  const ask: OutsideAsk = async (prompt, maxTokens) => {
    const answer: unknown = await wllama.createCompletion({
      prompt,
      max_tokens: maxTokens,
      temperature: 0,
      logprobs: LEADS,
    });
    const parsed = z.safeParse(Answer, answer);
    const choice = parsed.success ? parsed.data.choices[0] : undefined;
    if (!choice) throw new AppError("internal", "llama.cpp answered in a shape that is not known.");
    const leads = choice.logprobs?.content?.[0]?.top_logprobs ?? [];
    const next = leads.map(({ id, logprob }): TokenLead => ({ token: id, logProbability: logprob }));
    return { text: choice.text, next };
  };
  const chat: Llama["chat"] = async (words, maxTokens) => {
    const messages = [{ role: "user" as const, content: words }];
    const { choices } = await wllama.createChatCompletion({ messages, max_tokens: maxTokens, temperature: 0 });
    const { content } = choices[0]?.message ?? {};
    return typeof content === "string" ? content : "";
  };
  return { ask, chat, release: () => wllama.exit() };
}

const words = (cause: unknown) => (cause instanceof Error ? cause.message : String(cause)).slice(0, 200);
