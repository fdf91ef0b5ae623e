/** What reading an export again says of it, as types only. */
/** A token and how likely it is. */
export interface TokenLead {
  readonly token: number;
  readonly logProbability: number;
}

export interface SelfTestCheck {
  /** In one line, with the figures. */
  readonly what: string;
  readonly passed: boolean;
}

/** What came of reading an export again. */
export interface SelfTest {
  /** What read it: "llama.cpp in WebAssembly". */
  readonly reader: string;
  readonly checks: readonly SelfTestCheck[];
  readonly passed: boolean;
}

/** Another program that has opened an export: a greedy answer, and the likeliest first tokens of it. */
export type OutsideAsk = (
  prompt: string,
  maxTokens: number,
) => Promise<{ readonly text: string; readonly next: readonly TokenLead[] }>;
