/**
 * Who answers in an evaluation: our engine, an ONNX model or a server. What goes wrong with one prompt is a value, never
 * a throw: an answer that could not be had is an error in its own column, not a failed case.
 */

export interface Message {
  readonly role: "system" | "user" | "assistant";
  readonly content: string;
}

/** Text is continued as it stands; messages go through the model's own chat template. */
export type Prompt = string | readonly Message[];

export interface CompleteOptions {
  readonly maxTokens: number;
  /** 0: greedy. */
  readonly temperature: number;
  /** Prompt i is drawn with seed + keys[i] where the provider has a seed at all. */
  readonly seed: number;
  /** 0, 1, 2 … unless given: whoever asks a part of the prompts again gets the same answers. */
  readonly keys?: readonly number[];
  /** An answer ends before the first of these. */
  readonly stop?: readonly string[];
  readonly signal?: AbortSignal;
  /** Called once per prompt, in the order in which they finish: what has been had is kept when the rest is not. */
  readonly onDone?: (index: number, completion: Completion) => void;
}

export type ProviderFault =
  /** No connection, or it broke half-way. */
  | "network"
  /** Nothing, or no next piece, within the limit. */
  | "timeout"
  /** 429 to the end. */
  | "rate-limit"
  /** 401 or 403: asking again cannot help. */
  | "denied"
  /** Another status that is no success. */
  | "status"
  /** An answer that is not what the protocol says, or too large. */
  | "malformed"
  /** The prompt and its answer do not fit the model. */
  | "too-long"
  | "stopped"
  | "failed";

export type Completion =
  | {
      readonly ok: true;
      readonly text: string;
      /** Null where the provider does not say. */
      readonly promptTokens: number | null;
      readonly completionTokens: number | null;
      /** Ended by `maxTokens`. */
      readonly truncated: boolean;
      /** From asking to the last token of this answer; prompts that are answered together share their waiting. */
      readonly latencyMs: number;
      /** 1: had at the first try. */
      readonly attempts: number;
    }
  | {
      readonly ok: false;
      readonly fault: ProviderFault;
      /** Asked later, the same may be answered: the server was away, late, busy, or its answer broke. */
      readonly again?: true;
      /** One sentence for people, without keys. */
      readonly message: string;
      readonly latencyMs: number;
      readonly attempts: number;
    };

/** Log-likelihood of a continuation after its prompt. */
export type Likelihood =
  | {
      readonly ok: true;
      /** Sum over the continuation's tokens, natural logarithm. */
      readonly logprob: number;
      readonly tokens: number;
    }
  | { readonly ok: false; readonly fault: ProviderFault; readonly message: string };

/** Per million tokens, in any one currency. */
export interface Price {
  readonly input: number;
  readonly output: number;
}

/** What is asked for the log-likelihood of. After messages it is the assistant's turn; after text it goes on. */
export interface Continued {
  readonly prompt: Prompt;
  readonly continuation: string;
}

export interface Provider {
  /** For people and reports: "SmolLM2-135M + adapter", "qwen3 at localhost:8080". Never a key. */
  readonly name: string;
  /** What it is, for hashes: equal ids give equal answers. Without one nothing that it said is kept for later. */
  readonly id?: string;
  readonly price?: Price;
  /** False: has no template for conversations, and is asked in plain text. */
  readonly chat?: boolean;
  /** One completion per prompt, in the order of the prompts. Does not reject. */
  complete(prompts: readonly Prompt[], options: CompleteOptions): Promise<Completion[]>;
  /** For multiple choice and perplexity; absent where the provider cannot tell. */
  likelihood?(items: readonly Continued[], options?: { readonly signal?: AbortSignal }): Promise<Likelihood[]>;
  /** Tokens of a text; absent where only the server knows. */
  countTokens?(text: string): number;
  /** Frees what was opened for it. */
  release?(): Promise<void>;
}

export const keyOf = ({ keys }: Pick<CompleteOptions, "keys">, index: number): number => keys?.[index] ?? index;

/** The answer before the first of the marks; null where none is in it. */
export function cutAt(text: string, marks: readonly string[]): string | null {
  const places = marks.map((mark) => text.indexOf(mark)).filter((at) => at >= 0);
  return places.length === 0 ? null : text.slice(0, Math.min(...places));
}

/** Of counted tokens; null where a price or a count is missing. */
export function costOfTokens(input: number | null, output: number | null, price: Price | undefined): number | null {
  if (!price || input === null || output === null) return null;
  return (input * price.input + output * price.output) / 1e6;
}

/** Null where nothing passed: a price per nothing is no number. */
export function costPerPass(cost: number | null, passes: number): number | null {
  return cost === null || passes === 0 ? null : cost / passes;
}

/**
 * A continuation behind its prompt as one row of ids, of which those from `given` on are scored, never the first of all.
 * Text is tokenised together with what continues it, so that the border is as the model would read it; a conversation,
 * whose ids are `before`, ends where the assistant begins.
 */
export function continuedIds(
  { prompt, continuation }: Continued,
  before: readonly number[],
  encode: (text: string, special: boolean) => readonly number[],
): { readonly ids: readonly number[]; readonly given: number } {
  const ids =
    typeof prompt === "string" ? encode(prompt + continuation, true) : [...before, ...encode(continuation, false)];
  return { ids, given: Math.min(ids.length - 1, Math.max(1, before.length)) };
}

/** Of a continuation that is too long, or no token at all, behind its prompt. */
export const unfit = (tokens: number): Likelihood => ({
  ...{ ok: false, fault: "too-long" },
  message: `${tokens} tokens are too few, or do not fit the model.`,
});
