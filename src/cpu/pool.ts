/**
 * The threads that walk a program together: this one, and workers that share its memory. Workers sleep inside
 * WebAssembly between programs, so starting them costs one atomic add; nothing is sent to them after their start.
 *
 * A worker runs where no bundler has been (Node 20 takes no TypeScript), so its few lines are kept as text. It needs
 * the compiled module, the memory and its number, no more.
 */
import type { Heap } from "@/cpu/memory";
import { BROKEN, kernelNames, STALLED, type Walker } from "@/cpu/module";
import { AppError } from "@/errors";

export interface Pool {
  readonly threads: number;
  /** Table index of every kernel's export. */
  readonly kernels: ReadonlyMap<string, number>;
  /** Walks calls [from, to) of a list and yields to the event loop every SLICE_MS at the latest. */
  run(list: number, from: number, to: number): Promise<void>;
  /** Resolves with the reason when a thread died. */
  readonly lost: Promise<string>;
  release(): void;
}

// Byte offsets in the control block: kernels/context.ts has the same numbers.
const GENERATION = 128;
const START = 256;
const FAILED = 320;
const CONTROL_BYTES = 512;
/** Per thread: packed panels and tiles; kernels/linear.ts and attention.ts divide it. */
const SCRATCH_BYTES = 1 << 20;

/** Messages (pause, stop) are heard between slices. */
const SLICE_MS = 50;

const WORKER = `
const work = ({ module, memory, control, scratch, thread, threads, names }, say) => {
  try {
    const words = new Int32Array(memory.buffer);
    const sleep = (word, old) => { Atomics.wait(words, word / 4, old, 1000); };
    const wake = (word) => { Atomics.notify(words, word / 4); };
    const { exports } = new WebAssembly.Instance(module, { env: { memory, sleep, wake, now: () => 0 } });
    const first = exports.table.grow(names.length);
    names.forEach((name, i) => exports.table.set(first + i, exports[name]));
    exports.setup(control, scratch, thread, threads);
    say("ready");
    exports.serve(0);
  } catch (error) {
    const words = new Int32Array(memory.buffer);
    Atomics.store(words, (control + ${FAILED}) / 4, 1);
    for (const word of [${GENERATION}, ${START}]) Atomics.notify(words, (control + word) / 4);
    say(String(error));
  }
};
if (typeof postMessage === "function") onmessage = ({ data }) => work(data, postMessage);
else {
  const { parentPort } = require("node:worker_threads");
  parentPort.once("message", (data) => work(data, (text) => parentPort.postMessage(text)));
}`;

export async function createPool(module: WebAssembly.Module, heap: Heap, threads: number): Promise<Pool> {
  const { memory } = heap;
  const control = heap.allocate(CONTROL_BYTES, "control");
  const scratch = Array.from({ length: threads }, (_, i) => heap.allocate(SCRATCH_BYTES, `scratch ${i}`));
  const names = kernelNames(module);
  // The control block lies in the first page, so this view outlives every growth of the memory.
  const words = new Int32Array(memory.buffer);
  const env = {
    memory,
    sleep: (word: number, old: number) => void Atomics.wait(words, word / 4, old, 1000),
    wake: (word: number) => void Atomics.notify(words, word / 4),
    now: () => performance.now(),
  };
  const { exports } = await WebAssembly.instantiate(module, { env });
  const walker = exports as unknown as Walker;
  const table = exports.table as WebAssembly.Table;
  const first = table.grow(names.length);
  for (const [i, name] of names.entries()) table.set(first + i, exports[name]);
  walker.setup(control, scratch[0] ?? 0, 0, threads);

  let reason: string | undefined;
  let announce: (reason: string) => void = () => {};
  const lost = new Promise<string>((resolve) => {
    announce = resolve;
  });
  const fail = (text: string) => {
    if (reason !== undefined) return;
    reason = text;
    if (threads > 1) {
      Atomics.store(words, (control + FAILED) / 4, 1);
      for (const word of [GENERATION, START]) Atomics.notify(words, (control + word) / 4);
    }
    announce(text);
  };

  const workers = await Promise.all(
    scratch.slice(1).map((address, i) => {
      const data = { module, memory, control, scratch: address, thread: i + 1, threads, names };
      return startThread(data, fail);
    }),
  );

  let yielded = performance.now();
  const breathe = async () => {
    await nextTask();
    yielded = performance.now();
  };
  const dead = () =>
    new AppError("device/lost", `The CPU engine stopped: ${reason ?? "a thread failed"}.`, {
      hint: "Reload the page or start the command again; the last checkpoint is kept.",
    });

  const run = async (list: number, from: number, to: number) => {
    let position = from;
    while (position < to) {
      if (reason !== undefined) throw dead();
      if (performance.now() > yielded + SLICE_MS) await breathe();
      position = await slice(() => walker.run(list, position, to, yielded + SLICE_MS));
    }
  };
  const slice = async (start: () => number): Promise<number> => {
    try {
      let state = start();
      while (state === STALLED) {
        // A thread is slow or dead; only the event loop can tell which.
        await breathe();
        if (reason !== undefined) throw dead();
        state = walker.resume();
      }
      if (state === BROKEN) {
        await breathe();
        fail("a thread failed");
        throw dead();
      }
      return state;
    } catch (error) {
      if (error instanceof AppError) throw error;
      fail(String(error));
      throw new AppError("internal", `A CPU kernel failed: ${String(error)}`, { cause: error });
    }
  };

  return {
    threads,
    kernels: new Map(names.map((name, i) => [name, first + i])),
    run,
    lost,
    release: () => {
      reason ??= "released";
      for (const stop of workers) stop();
    },
  };
}

interface ThreadData {
  readonly thread: number;
}

/** Starts one worker, and resolves with what ends it once it is ready. */
async function startThread(data: ThreadData, fail: (reason: string) => void): Promise<() => void> {
  const { promise, resolve, reject } = withResolvers();
  const failed = (text: string) => {
    reject(new AppError("device/none", `Thread ${data.thread} of the CPU engine did not start: ${text}`));
    fail(text);
  };
  const heard = (text: string) => (text === "ready" ? resolve() : failed(text));
  // Not by the lack of Worker alone: onnxruntime gives Node a global one that starts files only.
  if (typeof Worker === "undefined" || typeof globalThis.process?.versions?.node === "string") {
    const name = "node:worker_threads";
    const node = (await import(/* @vite-ignore */ name)) as typeof import("node:worker_threads");
    const worker = new node.Worker(WORKER, { eval: true });
    worker.on("message", heard);
    worker.on("error", (error) => failed(String(error)));
    worker.on("exit", (code) => failed(`it ended with code ${code}`));
    worker.postMessage(data);
    await promise;
    worker.unref();
    return () => void worker.terminate();
  }
  const url = URL.createObjectURL(new Blob([WORKER], { type: "text/javascript" }));
  const worker = new Worker(url);
  worker.onmessage = ({ data: text }) => heard(String(text));
  worker.onerror = ({ message }) => failed(message);
  worker.postMessage(data);
  await promise;
  URL.revokeObjectURL(url);
  return () => worker.terminate();
}

function withResolvers(): { promise: Promise<void>; resolve: () => void; reject: (error: unknown) => void } {
  let resolve: () => void = () => {};
  let reject: (error: unknown) => void = () => {};
  const promise = new Promise<void>((yes, no) => {
    resolve = yes;
    reject = no;
  });
  return { promise, resolve, reject };
}

/** The event loop's next turn, without the 4 ms that browsers put before a timer. */
function nextTask(): Promise<void> {
  if (typeof setImmediate === "function") return new Promise((resolve) => setImmediate(resolve));
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(null);
  });
}
