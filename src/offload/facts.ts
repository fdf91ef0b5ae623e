/** What a plan is made from: counted, never guessed from a name. */
export interface ModelFacts {
  readonly name: string;
  readonly parameters: number;
  /** In the projections of all blocks: what LoRA adapts, what NF4 packs, what is multiplied. */
  readonly blockParameters: number;
  readonly layers: number;
  readonly hidden: number;
  readonly ffn: number;
  /** Widths of queries, and of keys or values. */
  readonly queryWidth: number;
  readonly kvWidth: number;
  readonly vocab: number;
  readonly tied: boolean;
  /** Of the recipe's LoRA. */
  readonly adapterParameters: number;
}

/** Of the rows that will be trained on; a pair counts as two sequences, a prompt with the answers that are sampled to it. */
export interface DataFacts {
  readonly rows: number;
  readonly heldOut: number;
  /** Tokens of each row's sequences together, and its longest; where only prompts are given, theirs. */
  readonly lengths: readonly number[];
  /** Sequences that one row makes: 2 of a pair, G of a prompt. */
  readonly sequences: number;
  /** Counted with the model's tokenizer, or estimated from characters. */
  readonly counted: boolean;
}
