/** Someone who opens an export and answers prompts, so that what left can be compared with what stayed. */
import type { Said } from "@/export/self-test";
import type { ChatTemplate } from "@/tokenizer/chat-template";

export interface Reader {
  /** For people: "onnxruntime in WebAssembly". */
  readonly name: string;
  /** The template that lies in the files; absent where the format carries none. */
  readonly template?: ChatTemplate | null;
  /** Greedy answers, and the likeliest first tokens where `leads` asks for them. */
  answers(prompts: readonly string[], maxTokens: number, leads: boolean): Promise<Said[]>;
  release(): Promise<void>;
}

/** Tokens whose likelihood is compared, and a few beyond, since sides may order near ties differently. */
export const LEADS = 12;
