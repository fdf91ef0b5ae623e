/** Answers of one unfinished evaluation as lines of a file, each written as it comes; a torn last line is left out. */
import * as z from "zod/mini";
import { type KeptAnswers, keeping } from "@/eval/kept";
import type { Completion, Provider } from "@/eval/provider";
import type { ArmAnswers } from "@/eval/run-arms";
import { type Suite, suiteHash } from "@/eval/suite";
import type { FileStore } from "@/storage/files";

const Line = z.object({
  key: z.string(),
  completion: z.object({
    ...{ ok: z.literal(true), text: z.string(), truncated: z.boolean(), latencyMs: z.number(), attempts: z.number() },
    ...{ promptTokens: z.nullable(z.number()), completionTokens: z.nullable(z.number()) },
  }),
});
const MOST_BYTES = 256e6;

export interface AnswerFile extends KeptAnswers {
  /** How many were there already. */
  readonly found: number;
  /** Waits until all is written. `finished`: the file is not needed any more. */
  close(finished: boolean): Promise<void>;
}

export async function openAnswers(store: FileStore, name: string): Promise<AnswerFile> {
  const before = await store.get(name);
  const usable = before !== null && before.size <= MOST_BYTES ? before : null;
  const answers = new Map((usable ? (await usable.text()).split("\n") : []).flatMap(read));
  const writer = await store.openWriter(name, usable?.size ?? 0);
  // Whatever a broken-off line was, the next one starts anew.
  let last = writer.write(bytes("\n"));
  return {
    found: answers.size,
    find: (key) => answers.get(key),
    keep: (key, completion) => {
      answers.set(key, completion);
      last = last.then(() => writer.write(bytes(`${JSON.stringify({ key, completion })}\n`)));
      // Keeping is a help, not the evaluation; `close` tells what went wrong.
      last.catch(() => {});
    },
    close: async (finished) => {
      try {
        await last;
      } finally {
        await writer.close();
        if (finished) await store.delete(name);
      }
    },
  };
}

/** The answers to this suite that an earlier, unfinished run had; `work` says whether it had all of them now. */
export async function resuming<T>(
  open: (() => Promise<FileStore>) | undefined,
  suite: Suite,
  work: (provider: (one: Provider) => Provider) => Promise<{ readonly value: T; readonly whole: boolean }>,
): Promise<T> {
  const file = open && (await openAnswers(await open(), `${await suiteHash(suite)}.jsonl`));
  let finished = false;
  try {
    const { value, whole } = await work((one) => (file ? keeping(one, file) : one));
    finished = whole;
    return value;
  } finally {
    await file?.close(finished);
  }
}

/** Every arm has an answer to whatever it was asked. */
export const allHad = (arms: readonly ArmAnswers[]): boolean =>
  arms.every(({ answers }) => answers.every(({ status }) => status !== "error" && status !== "timeout"));

function read(line: string): [string, Completion][] {
  if (line === "") return [];
  try {
    const parsed = z.safeParse(Line, JSON.parse(line));
    return parsed.success ? [[parsed.data.key, parsed.data.completion]] : [];
  } catch {
    return [];
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);
