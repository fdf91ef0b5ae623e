/** Where the time of a run's beginning went. */
import type { Stretch } from "@/util/timeline";

/** Once a run, behind its first step. Each list counts from its own start: what was done before the run began is no part of it. */
export interface TimelineEvent {
  readonly type: "timeline";
  /** Opening the model, when that was. */
  readonly model: readonly Stretch[];
  /** Reading and encoding the rows, when that was. */
  readonly data: readonly Stretch[];
  /** From the request to train to the end of the first step. */
  readonly run: readonly Stretch[];
  /** Milliseconds of the same, with what no stretch has a name for. */
  readonly ms: number;
  /** 10⁹ operations that the first step's products and attention take; null where they follow from what is sampled. */
  readonly gflop: number | null;
}
