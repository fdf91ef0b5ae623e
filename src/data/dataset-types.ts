/** What a dataset is made of, and what it is when made; the methods differ in what they train on. */
import type { DatasetInfo } from "@/worker/api/data";
import type { Encoded } from "./encode";
import type { RawRow } from "./gates/prepare";
import type { DataFile } from "./reading/open";
import type { FormattedRow, Method, RowOf, SupervisedRow } from "./row";
import type { Scan } from "./scan";

export interface DatasetFiles {
  /** For people. */
  readonly name: string;
  /** Read as one set. */
  readonly train: readonly DataFile[];
  /** Without it, `recipe.data.holdout` of the rows are split off. */
  readonly eval?: readonly DataFile[];
}

/** What reading gave, before anything is split or encoded. */
export interface ScannedOf<M extends Method> {
  readonly method: M;
  readonly name: string;
  readonly train: Scan<RowOf[M]>;
  readonly eval?: Scan<RowOf[M]>;
}
export type Scanned = { [M in Method]: ScannedOf<M> }[Method];

export interface BuildOptions {
  /** Bytes read, then rows encoded. */
  readonly onProgress?: (done: number, total: number) => void;
  /** Looked at now and then; throws to stop. */
  readonly check?: () => void;
}

/** A row that teaches: its ids and labels, the row itself, and its line in the file. */
export type TrainRow = Encoded & FormattedRow<SupervisedRow>;

/** A held-out row. Plain text has no question: its promptIds are empty, its expected text too. */
export interface EvalRow extends Encoded, FormattedRow {
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
  readonly line: number;
  readonly promptIds: readonly number[];
  /** For people. */
  readonly prompt: string;
  /** Empty where the row has none. */
  readonly expected: string;
}

export interface Dataset {
  /** Of SFT; empty for the others. */
  readonly train: readonly TrainRow[];
  readonly eval: readonly EvalRow[];
  /** Of DPO. */
  readonly pairs?: { readonly train: readonly Pair[]; readonly held: readonly Pair[] };
  /** Of GRPO. */
  readonly questions?: readonly Question[];
  /** The rows behind `train`, `pairs.train` or `questions`, in that order. */
  readonly learned: readonly FormattedRow[];
  /** Every row that could be read, for the gates: those too that teach nothing or that the template refuses. */
  readonly rows: readonly RawRow[];
  readonly info: DatasetInfo;
}
