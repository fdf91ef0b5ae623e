/** What a dataset is made of, and what it is when made; the methods differ in what they train on. */
import type { DatasetInfo } from "@/worker/api";
import type { Encoded } from "./encode";
import type { RawRow } from "./gates/prepare";

export interface TextFile {
  readonly name: string;
  readonly text: string;
}

export interface DatasetText {
  /** For people. */
  readonly name: string;
  readonly train: TextFile;
  /** Without it, `recipe.data.holdout` of the rows are split off. */
  readonly eval?: TextFile;
}

/** A held-out row. Plain text has no question: its promptIds are empty, its expected text too. */
export interface EvalRow extends Encoded {
  /** What an answer continues, the template's frame included. */
  readonly promptIds: readonly number[];
  /** For people: the prompt, or the last message before the answer. */
  readonly prompt: string;
  readonly expected: string;
}

/** Two answers to one prompt, chosen first. */
export type Pair = readonly [chosen: Encoded, rejected: Encoded];

/** What is asked, and what the row gives as its answer. */
export interface Question {
  readonly promptIds: readonly number[];
  /** For people. */
  readonly prompt: string;
  /** Empty where the row has none. */
  readonly expected: string;
}

export interface Dataset {
  /** Of SFT; empty for the others. */
  readonly train: readonly Encoded[];
  readonly eval: readonly EvalRow[];
  /** Of DPO. */
  readonly pairs?: { readonly train: readonly Pair[]; readonly held: readonly Pair[] };
  /** Of GRPO. */
  readonly questions?: readonly Question[];
  /** Every row that could be read, for the gates: those too that teach nothing or that the template refuses. */
  readonly rows: readonly RawRow[];
  readonly info: DatasetInfo;
}
