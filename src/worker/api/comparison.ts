/** Base and tuned model on the same held-out cases, as types only. */
export interface ComparedCase {
  readonly prompt: string;
  readonly expected: string;
  readonly base: string;
  readonly tuned: string;
  readonly basePassed: boolean;
  readonly tunedPassed: boolean;
}

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export interface ArmScore {
  readonly passed: number;
  readonly rate: number;
  /** Wilson 95 %. */
  readonly interval: Interval;
}

export interface Comparison {
  readonly n: number;
  readonly base: ArmScore;
  readonly tuned: ArmScore;
  /** tuned - base, with Newcombe's paired 95 % interval. */
  readonly difference: number;
  readonly differenceInterval: Interval;
  /** McNemar mid-p. */
  readonly pValue: number;
  /** "better" | "worse" | "inconclusive" (interval covers 0) | "too-few" (n < 20, no verdict). */
  readonly verdict: "better" | "worse" | "inconclusive" | "too-few";
  /** The verdict in one sentence. */
  readonly sentence: string;
  /** Fixed cases first, then broken, then the rest. */
  readonly cases: readonly ComparedCase[];
  readonly fixed: number;
  readonly broken: number;
}

export interface CompareEvent {
  readonly arm: "base" | "tuned";
  readonly done: number;
  readonly total: number;
}
