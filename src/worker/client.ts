/**
 * The page's end of the session: starts the worker and gives its SessionApi; functions among the arguments cross as
 * proxies. A worker that dies
 * answers nothing, so every call also races against its failure; otherwise the page would wait for ever.
 */
import { proxy, transfer, wrap } from "comlink";
import { AppError } from "@/errors";
import { type FrameHost, frameHost } from "@/eval/sandbox/frame";
import type { SkillCalls } from "@/session/calls/skills";
import type { SuiteCalls } from "@/session/calls/suites";
import type { SessionApi } from "@/worker/api";
import type { JobsApi } from "@/worker/api/jobs";
import { installErrorTransfer } from "@/worker/transfer";

/** What worker.ts exposes; `base` is the page's address, where bundled files are found, `hub` that of the models. */
export interface WorkerApi extends PageSession {
  start(base: string, engine: Engine, hub: string, frames: FrameHost): Promise<void>;
}

/** All that the page asks. */
export type PageSession = SessionApi & SuiteCalls & SkillCalls & JobsApi;

export type Engine = "auto" | "webgpu" | "cpu";

export function startSession(base: string, engine: Engine, hub: string): PageSession {
  installErrorTransfer();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<WorkerApi>(worker);
  const failure = failureOf(worker);
  const or = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, failure]);
  const ready = or(remote.start(base, engine, hub, proxy(framesFor(base))));
  ready.catch(() => undefined);
  const call = async (name: keyof PageSession, args: readonly unknown[]): Promise<unknown> => {
    await ready;
    const ask = remote[name] as unknown as (...args: readonly unknown[]) => Promise<unknown>;
    return or(ask(...args.map((arg) => (typeof arg === "function" ? proxy(arg) : arg))));
  };
  // `then` is looked up by whoever awaits the session; there is no such call.
  const get = (_: object, name: string) =>
    name === "then" ? undefined : (...args: readonly unknown[]) => call(name as keyof PageSession, args);
  return new Proxy({}, { get }) as PageSession;
}

/** Only a document can open frames; their ports go to the worker, which then talks to them without the page. */
function framesFor(base: string): FrameHost {
  const { open, close } = frameHost(document, base);
  return {
    open: async () => {
      const frame = await open();
      return transfer(frame, [frame.verdicts, frame.life]);
    },
    close,
  };
}

function failureOf(worker: Worker): Promise<never> {
  const failure = new Promise<never>((_, reject) => {
    worker.addEventListener("error", (event) => {
      reject(
        new AppError("internal", `The engine stopped: ${event.message || "its worker could not be loaded"}.`, {
          hint: "Reload the page. If it happens again, please report it with the steps that led here.",
        }),
      );
    });
  });
  failure.catch(() => undefined);
  return failure;
}
