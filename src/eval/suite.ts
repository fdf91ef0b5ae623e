/** A suite: cases with what decides each of them, whatever format they came in. Plain data; a report carries its hash. */
import { sha256Hex } from "@/util/sha256";
import type { Assertion } from "./assertions/assertion";
import type { Message } from "./provider";

export type SuiteFormat =
  | "upskill"
  | "agentskills"
  | "promptfoo"
  | "humaneval"
  | "mbpp"
  | "multiple-choice"
  | "expected";

export interface Case {
  readonly id: string;
  /** Text is a user's turn where the model has a chat template; messages are a conversation. */
  readonly input: string | readonly Message[];
  /** What a good answer is, for people, for the majority arm and for comparing. */
  readonly expected?: string;
  /** Continued as it stands, also by a model with a chat template: a row of TRL's type prompt-completion. */
  readonly plain?: true;
  readonly files?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, unknown>>;
  readonly assert: readonly Assertion[];
  readonly threshold?: number;
  /** Wanted in words: only a person or a model can judge. */
  readonly prose?: readonly string[];
  /** Decided by the likelihood of each, per UTF-8 byte. */
  readonly choices?: { readonly options: readonly string[]; readonly answer: number };
  /** Decided by running it. */
  readonly code?: CodeTask;
  readonly tags: readonly string[];
}

export type CodeTask =
  | {
      readonly kind: "humaneval";
      readonly prompt: string;
      readonly entryPoint: string;
      readonly test: string;
      readonly solution: string;
    }
  | { readonly kind: "mbpp"; readonly tests: readonly string[]; readonly setup: string; readonly solution: string };

export interface Suite {
  readonly name: string;
  readonly format: SuiteFormat;
  readonly cases: readonly Case[];
  /** "plain": its questions are texts to be continued as they stand, with a chat template or without. */
  readonly frame?: "plain";
}

/** Of what decides, not of the file's white space. */
export const suiteHash = ({ cases }: Suite): Promise<string> =>
  sha256Hex(new TextEncoder().encode(JSON.stringify(cases)));

/** What the model is asked: the input, with the case's files as fenced blocks behind it, as upskill gives them. */
export function questionOf({ input, files = {} }: Case): string | readonly Message[] {
  const blocks = Object.entries(files).map(([name, text]) => `\n\n\`\`\`${name}\n${text}\n\`\`\``);
  if (blocks.length === 0) return input;
  const tail = blocks.join("");
  if (typeof input === "string") return input + tail;
  return input.map((message, i) =>
    i === input.length - 1 ? { ...message, content: message.content + tail } : message,
  );
}

/** Text of the question, for people and for the echo arm. */
export const questionText = ({ input }: Pick<Case, "input">): string =>
  typeof input === "string" ? input : (input.findLast(({ role }) => role === "user")?.content ?? "");
