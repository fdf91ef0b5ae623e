/** What a screen may ask about runs that are kept, and about looking for settings, as types only. */
import type { RatePoint, RateReading } from "@/explain/rate-range";
import type { Difference } from "@/runs/diff";
import type { RunRecord } from "@/runs/record";
import type { RunSummary } from "@/runs/summary";
import type { SweepInput, SweepRow } from "@/runs/sweep";
import type { RecipeInput } from "@/train/recipe";
import type { RunEvent, RunResult } from "@/worker/api/run";
import type { NamedFile } from "@/worker/api/sources";
import type { TrainedInfo } from "@/worker/api/trained";

export type WhichCheckpoint = "best" | "last" | number;

/** What a screen may ask about runs that are kept. */
export interface RunsApi {
  /** Newest first. A run that says it is going on, but is held by nobody, is told as interrupted. */
  listRuns(): Promise<RunSummary[]>;
  readRun(id: string): Promise<RunRecord>;
  annotateRun(id: string, changes: { name?: string; notes?: string }): Promise<void>;
  /** With its checkpoints. Throws "usage" for a run that is going on. */
  deleteRun(id: string): Promise<void>;
  diffRuns(a: string, b: string): Promise<Difference[]>;
  /** One zip: record, checkpoints, curves as a table. */
  exportRun(id: string): Promise<NamedFile>;
  /** Gives the id under which it is kept; never one that is there already. */
  importRun(file: NamedFile): Promise<string>;
  /** Files of a static Trackio dashboard of these runs, in one zip. */
  exportTrackio(ids: readonly string[], project: string): Promise<NamedFile>;
  /** Makes the run's adapter the current one. Its model must be the open one, or one that can be opened again by name. */
  openRun(id: string, which: WhichCheckpoint): Promise<TrainedInfo & { readonly step: number }>;
  /** Goes on exactly where the last checkpoint stands: the same numbers as a run that was never interrupted. */
  resumeRun(id: string, onEvent: (events: readonly RunEvent[]) => void): Promise<RunResult>;
  /** A new run from a checkpoint of another one, with changes; it trains the steps that remain. */
  forkRun(
    id: string,
    which: WhichCheckpoint,
    changes: RecipeInput,
    onEvent: (events: readonly RunEvent[]) => void,
  ): Promise<RunResult>;
}

/** Looking for settings. */
export interface SweepApi {
  /** The learning-rate range test: the open adapter stays as it is. */
  findRate(
    recipe: RecipeInput,
    onPoint: (point: RatePoint, total: number) => void,
  ): Promise<RateReading & { readonly points: readonly RatePoint[] }>;
  /** Kept runs over a grid of settings; `stop` ends it after the run's step. */
  sweep(
    plan: SweepInput,
    recipe: RecipeInput,
    onRows: (rows: readonly SweepRow[]) => void,
  ): Promise<readonly SweepRow[]>;
}
