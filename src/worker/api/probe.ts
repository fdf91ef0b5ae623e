/** What a probe of a run says, as types only. */
interface Span {
  readonly low: number;
  readonly high: number;
}

/** What a few steps on a scratch adapter showed before a run. */
export interface ProbeReport {
  readonly ok: boolean;
  /** Go or no go, and why. */
  readonly sentence: string;
  /** Nats a token: rows one by one without adapter, and the first training pass over the same rows. */
  readonly loss: { readonly base: number; readonly first: number; readonly same: boolean };
  readonly overfit: {
    readonly steps: number;
    readonly rows: number;
    readonly first: number;
    readonly last: number;
    readonly falls: boolean;
  };
  readonly finite: boolean;
  readonly tokensPerSecond: Span;
  /** Of the whole run, here. */
  readonly seconds: Span;
  readonly tokens: number;
  /** Seconds that the probe itself took. */
  readonly spent: number;
  /** The same run on rented hardware, by the formulas of docs/jobs.md. */
  readonly cloud: readonly { readonly hardware: string; readonly seconds: Span; readonly dollars: Span }[];
  /** The date of those prices. */
  readonly pricesOf: string;
}
