/** How an answer is drawn, as types only. */
export interface GenerateOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly adapter: boolean;
  /** Treat the prompt as a user's turn of the model's chat template rather than as raw text. */
  readonly chat: boolean;
}
