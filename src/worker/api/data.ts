/** What is told of data, as types only: faults, findings, what a file holds, what a run would learn from it. */
import type { RecipeInput } from "@/train/recipe";

/** One problem with a file, for people: `line` counts from 1. */
export interface DataFault {
  readonly line: number;
  readonly message: string;
}

/** Something about the data that decides whether a run is worth its time. Red stops the run, amber warns, note tells. */
export interface Finding {
  /** The gate's stable name: "dispatch", "mixed-types", … */
  readonly gate: string;
  /** Its name for people, where it has one. */
  readonly title?: string;
  readonly severity: "red" | "amber" | "note";
  /** Rows concerned, and the lines of the first 50 of them; `heldRows` those of held-out rows. */
  readonly count: number;
  readonly rows: readonly number[];
  readonly heldRows?: readonly number[];
  /** What is wrong in one sentence, and why it matters in two. */
  readonly message: string;
  readonly why: string;
  readonly fix?: DataFix;
}
/** What one click changes; it lives in the recipe, so that a run can be repeated. */
export interface DataFix {
  /** The button's words: "Read messages only". */
  readonly label: string;
  readonly data: NonNullable<RecipeInput["data"]>;
}

/** A stretch of a row as the model will see it; `trained` spans carry loss. */
export interface TokenSpan {
  readonly text: string;
  readonly trained: boolean;
  readonly special: boolean;
  /** Beyond the longest length: the model never sees it. */
  readonly cut?: true;
  /** A token that ends an answer. */
  readonly end?: true;
}

export type RowPlace = number | { readonly line: number; readonly held: boolean };

/** One row as the model will see it, whole. `at` counts all rows from 0, those that teach first. */
export interface RowView {
  readonly at: number;
  readonly total: number;
  readonly line: number;
  readonly held: boolean;
  /** One, or two of a pair: chosen and rejected. */
  readonly sequences: readonly {
    /** Empty where there is one. */
    readonly label: string;
    readonly spans: readonly TokenSpan[];
    /** Tokens in all, those within the longest length, and those of them that teach. */
    readonly tokens: number;
    readonly kept: number;
    readonly trained: number;
  }[];
}

/** Tokens of the rows before any cut; `suggested` cuts no more than 1 % of them. */
export interface LengthReport {
  readonly bins: readonly { readonly from: number; readonly to: number; readonly count: number }[];
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly longest: number;
  readonly limit: number;
  readonly suggested: number;
}

export interface DataReport {
  /** Red ones first. */
  readonly findings: readonly Finding[];
  /** `memory` is the bytes of a run at the suggested length. Null without a model. */
  readonly lengths: (LengthReport & { readonly memory: number }) | null;
  /** Training rows that were looked at. */
  readonly rows: number;
}

/** Rows with a fault planted in them, as the texts of two JSONL files. */
export interface PracticeExercise {
  /** The gate that finds it; "" where nothing is wrong. */
  readonly fault: string;
  readonly lesson: string;
  /** Lines of the spoilt training rows. */
  readonly lines: readonly number[];
  readonly train: string;
  readonly held: string;
}

export interface DatasetInfo {
  readonly name: string;
  /** TRL's name of the shape: "prompt-completion", "language-modeling", "messages". */
  readonly type: string;
  readonly trainRows: number;
  readonly evalRows: number;
  /** Usable rows of the files; where that is more than train and eval rows together, a sample is trained on. */
  readonly totalRows: number;
  readonly faultCount: number;
  /** The first 50. */
  readonly faults: readonly DataFault[];
  readonly findings: readonly Finding[];
  /** The file's own columns, and the first rows as short text, for the mapping by hand. */
  readonly columns: readonly string[];
  readonly sample: readonly Readonly<Record<string, string>>[];
  /** Rows left out because nothing in them teaches after truncation. */
  readonly droppedRows: number;
  readonly truncatedRows: number;
  readonly trainTokens: number;
  readonly trainedTokens: number;
  readonly maxTokens: number;
  /** The first rows, rendered. */
  readonly preview: readonly (readonly TokenSpan[])[];
  readonly samplePrompts: readonly string[];
  /** What this dataset's makers recommend, for bundled ones. */
  readonly recipe?: RecipeInput;
}

/** What a file holds, before anybody says what it means; cells are short text. */
export interface DataLook {
  readonly columns: readonly string[];
  readonly sample: readonly Readonly<Record<string, string>>[];
  readonly faults: readonly DataFault[];
  readonly notes: readonly string[];
}
