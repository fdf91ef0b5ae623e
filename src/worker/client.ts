/**
 * The page's end of the session: starts the worker, wraps callbacks, and gives a plain SessionApi. A worker that dies
 * answers nothing, so every call also races against its failure; otherwise the page would wait for ever.
 */
import { proxy, wrap } from "comlink";
import { AppError } from "@/errors";
import type { SessionApi } from "@/worker/api";
import { installErrorTransfer } from "@/worker/transfer";

/** What worker.ts exposes; `base` is the page's address, where bundled files are found, `hub` that of the models. */
export interface WorkerApi extends SessionApi {
  start(base: string, engine: Engine, hub: string): Promise<void>;
}

export type Engine = "auto" | "webgpu" | "cpu";

export function startSession(base: string, engine: Engine, hub: string): SessionApi {
  installErrorTransfer();
  const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
  const remote = wrap<WorkerApi>(worker);
  const failure = failureOf(worker);
  const or = <T>(answer: Promise<T>): Promise<T> => Promise.race([answer, failure]);
  const ready = or(remote.start(base, engine, hub));
  ready.catch(() => undefined);
  const call = <T>(ask: () => Promise<T>): Promise<T> => ready.then(() => or(ask()));
  return {
    device: () => call(() => remote.device()),
    openModel: (source, onProgress, dtype) => call(() => remote.openModel(source, proxy(onProgress), dtype)),
    cachedModels: () => call(() => remote.cachedModels()),
    deleteCachedModel: (reference) => call(() => remote.deleteCachedModel(reference)),
    openDataset: (source, recipe) => call(() => remote.openDataset(source, recipe)),
    plan: (recipe) => call(() => remote.plan(recipe)),
    train: (recipe, onEvent) => call(() => remote.train(recipe, proxy(onEvent))),
    pause: () => call(() => remote.pause()),
    resume: () => call(() => remote.resume()),
    stop: () => call(() => remote.stop()),
    compare: (onEvent) => call(() => remote.compare(proxy(onEvent))),
    generate: (prompt, options, onText) => call(() => remote.generate(prompt, options, proxy(onText))),
    exportAdapter: () => call(() => remote.exportAdapter()),
    loadAdapter: (files) => call(() => remote.loadAdapter(files)),
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
