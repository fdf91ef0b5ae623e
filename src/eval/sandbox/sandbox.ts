/**
 * Runs other people's code and says how it ended, from outside of the cage it runs in: one interpreter at a time, killed
 * at the limit, begun anew after anything but a plain pass or fail. A cage that says nonsense, says nothing or goes away
 * has made an error, never a pass.
 */
import * as z from "zod/mini";
import { AppError } from "@/errors";
import type { Program } from "@/eval/sandbox/program";

export interface Verdict {
  /** timeout: ended at the limit. error: it broke the rules or another limit, or the cage did. Both count apart. */
  readonly kind: "pass" | "fail" | "error" | "timeout";
  /** A failure by an exception: it says nothing of the opposite. */
  readonly threw: boolean;
  /** 0 to 1. */
  readonly score: number;
  /** One sentence for people. */
  readonly reason: string;
  /** Of programs that give values: a number, or a sentence of cause where there is none. */
  readonly values?: readonly (number | string)[];
  /** What it printed; text, at most 64 kB. */
  readonly output: string;
  /** From handing the program in; without the start of the interpreter. */
  readonly ms: number;
}

/** Bytes and texts of npm's `pyodide`. */
export interface PyodideFiles {
  readonly loader: string;
  readonly module: string;
  readonly lock: string;
  readonly wasm: Uint8Array;
  readonly stdlib: Uint8Array;
}

export interface Cage {
  post(message: object): void;
  /** `onEnd`: it is gone, and why. */
  listen(onMessage: (message: unknown) => void, onEnd: (why: string) => void): void;
  kill(): void;
}

/** A browser or Node: how to begin a cage, and where Pyodide lies. */
export interface CageHost {
  start(): Promise<Cage>;
  pyodide(): Promise<PyodideFiles>;
}

export interface Sandbox {
  /** Does not reject for anything the program does. Throws AppError "internal" where no interpreter can be started. */
  run(program: Program): Promise<Verdict>;
  close(): void;
}

export interface SandboxLimits {
  /** Of one program. */
  readonly programMs: number;
  /** Of starting the interpreter: 1 to 4 s on a quiet machine. */
  readonly startMs: number;
}

const LIMITS: SandboxLimits = { programMs: 5_000, startMs: 90_000 };

const Said = z.discriminatedUnion("type", [
  z.object({ type: z.literal("ready") }),
  z.object({ type: z.literal("broken"), reason: z.string() }),
  z.object({
    type: z.literal("verdict"),
    id: z.number(),
    kind: z.enum(["pass", "fail", "error"]),
    score: z.optional(z.number().check(z.minimum(0), z.maximum(1))),
    reason: z.string().check(z.maxLength(4_000)),
    output: z.string().check(z.maxLength(64_000)),
    threw: z.optional(z.boolean()),
    values: z.optional(z.array(z.union([z.number(), z.string().check(z.maxLength(400))])).check(z.maxLength(20_000))),
    /** False: an error that left the interpreter as it was. */
    dirty: z.optional(z.boolean()),
  }),
]);
type Said = z.infer<typeof Said>;

type Reply = Said | { readonly type: "gone"; readonly why: string } | { readonly type: "late" };

/** One interpreter: each message is answered once. */
interface Interpreter {
  ask(message: object, limitMs: number): Promise<Reply>;
  kill(): void;
}

export function createSandbox(host: CageHost, limits: Partial<SandboxLimits> = {}): Sandbox {
  const { programMs, startMs } = { ...LIMITS, ...limits };
  const open = new Map<Program["language"], Promise<Interpreter>>();
  let last: Promise<unknown> = Promise.resolve();
  let count = 0;
  let closed = false;

  const begin = async (language: Program["language"]): Promise<Interpreter> => {
    const files = language === "python" ? await host.pyodide() : undefined;
    const interpreter = interpret(await host.start());
    const reply = await interpreter.ask({ type: "open", language, files }, startMs);
    if (reply.type === "ready") return interpreter;
    interpreter.kill();
    throw new AppError("internal", `The sandbox for ${language} did not start: ${reasonOf(reply)}`, {
      hint: "Try again; if it happens again, report it with the browser's or Node's version.",
    });
  };
  const drop = (language: Program["language"]) => {
    open.get(language)?.then(
      (interpreter) => interpreter.kill(),
      () => {},
    );
    open.delete(language);
  };

  const run = async (program: Program): Promise<Verdict> => {
    const { language } = program;
    if (closed) throw new AppError("usage", "The sandbox is closed.");
    const starting = open.get(language) ?? begin(language);
    open.set(language, starting);
    let interpreter: Interpreter;
    try {
      interpreter = await starting;
    } catch (error) {
      open.delete(language);
      throw error;
    }
    const id = count++;
    const began = performance.now();
    const reply = await interpreter.ask({ type: "run", id, program, nonce: crypto.randomUUID() }, programMs);
    const ms = performance.now() - began;
    const sound = reply.type === "verdict" && reply.id === id;
    // Browsers keep frames of one kind in one process: where one went, so may have the other.
    if (!sound) for (const other of [...open.keys()]) drop(other);
    else if (reply.kind === "error" && reply.dirty !== false) drop(language);
    if (!sound) {
      const kind = reply.type === "late" ? "timeout" : "error";
      return { kind, threw: false, score: 0, reason: reasonOf(reply, programMs), output: "", ms };
    }
    const { kind, threw = false, reason, output, values, score = kind === "pass" ? 1 : 0 } = reply;
    return { kind, threw, score: kind === "error" ? 0 : score, reason, output, ms, ...(values ? { values } : {}) };
  };

  return {
    run: (program) => {
      const turn = last.then(() => run(program));
      last = turn.catch(() => {});
      return turn;
    },
    close: () => {
      closed = true;
      for (const language of [...open.keys()]) drop(language);
    },
  };
}

function interpret(cage: Cage): Interpreter {
  let answer: ((reply: Reply) => void) | undefined;
  let gone: Reply | undefined;
  const settle = (reply: Reply) => {
    answer?.(reply);
    answer = undefined;
  };
  cage.listen(
    (message) => {
      const said = Said.safeParse(message);
      settle(said.success ? said.data : { type: "broken", reason: "It said something that is no verdict." });
    },
    (why) => {
      gone = { type: "gone", why };
      settle(gone);
    },
  );
  return {
    ask: (message, limitMs) =>
      new Promise((resolve) => {
        if (gone) return resolve(gone);
        const timer = setTimeout(() => {
          cage.kill();
          settle({ type: "late" });
        }, limitMs);
        answer = (reply) => {
          clearTimeout(timer);
          resolve(reply);
        };
        cage.post(message);
      }),
    kill: () => cage.kill(),
  };
}

function reasonOf(reply: Reply, limitMs?: number): string {
  switch (reply.type) {
    case "late":
      return limitMs === undefined ? "it took too long." : `The program did not end within ${limitMs / 1000} s.`;
    case "gone":
      return `The interpreter ended: ${reply.why}`;
    case "broken":
      return reply.reason;
    default:
      return "The interpreter answered out of turn.";
  }
}
