/** What a bench found, as plain data: the CLI prints it, the page draws it, `--json` and the page's copy button hand it on. */

export interface BenchReport {
  readonly device: { readonly target: "webgpu" | "cpu"; readonly description: string; readonly software: boolean };
  readonly ceilings?: Ceilings;
  readonly steps: readonly StepResult[];
  readonly decodes: readonly DecodeResult[];
  /** Choices beside the plain step, in turns. */
  readonly turns?: TurnsResult;
  readonly head?: HeadResult;
  readonly growth: readonly GrowthPoint[];
  /** What was left out, and why, each a sentence. */
  readonly skipped: readonly string[];
  readonly seconds: number;
}

/** The most that this device gave our own kernels: what a step is measured against. */
export interface Ceilings {
  /** 10⁹ operations a second of the best product in f32, multiply and add counted as two. */
  readonly matmulGflops: number;
  /** 10⁹ bytes a second, read and written, of adding two long vectors. */
  readonly copyGBs: number;
  readonly products: readonly {
    readonly rows: number;
    readonly inner: number;
    readonly columns: number;
    readonly gflops: number;
  }[];
}

export interface StepResult {
  readonly model: string;
  /** What differs from the plain step: "" or "20 % labelled". */
  readonly variant: string;
  readonly tokens: number;
  readonly labels: number;
  readonly rank: number;
  readonly weightFormat: string;
  readonly dispatches: number;
  /** Milliseconds: the thread's own work, the median; and until the device is done, the least. */
  readonly jsMs: number;
  readonly stepMs: number;
  /** From tracing to the end of the first step: planning, pipelines, memory. */
  readonly firstStepMs: number;
  readonly tokensPerSecond: number;
  readonly gflop: number;
  readonly recomputedGflop: number;
  /** Counted operations over time over the ceiling: all of them, and without those that checkpointing repeats (MFU). */
  readonly utilisation: number;
  readonly mfu: number;
  /** Of temporaries: as planned, and the lower bound. */
  readonly slotBytes: number;
  readonly peakBytes: number;
  /** Most bytes live on the device during the step, weights included. */
  readonly deviceBytes: number;
  readonly kernels: readonly KernelShare[];
}

export interface TurnsResult {
  readonly model: string;
  readonly tokens: number;
  /** Least milliseconds of the plain step: checkpointing, an f32 base. */
  readonly plainMs: number;
  readonly variants: readonly {
    readonly variant: "activations kept" | "q4_0 base" | "nf4 base";
    readonly ms: number;
  }[];
}

export interface KernelShare {
  readonly kernel: string;
  readonly calls: number;
  readonly ms: number;
  readonly share: number;
  /** 10⁹ counted operations; 0 for what is elementwise. */
  readonly gflop: number;
}

export interface DecodeResult {
  readonly model: string;
  readonly sequences: number;
  readonly tokensPerSecond: number;
  /** 10⁹ operations of a token's products with the weights. */
  readonly gflopPerToken: number;
}

/** The loss head alone, forward and backward, on few labelled rows and on all. */
export interface HeadResult {
  readonly model: string;
  readonly fewRows: number;
  readonly allRows: number;
  readonly fewMs: number;
  readonly allMs: number;
}

export type GrowthAxis = "tokens" | "rank" | "layers" | "sequences";
export interface GrowthPoint {
  readonly axis: GrowthAxis;
  readonly value: number;
  readonly stepMs: number;
  readonly tokensPerSecond: number;
  readonly gflop: number;
}

export interface BenchOptions {
  /** Which shapes; the open model is measured instead when there are none. */
  readonly shapes: readonly string[];
  readonly tokens: number;
  readonly rank: number;
  /** Budget: what would not end within it is skipped, and named. */
  readonly seconds: number;
  readonly growth: boolean;
}

export type OpGroup = "products" | "attention" | "everything else";

export function groupOf(kernel: string): OpGroup {
  const [file] = kernel.split(".");
  if (file === "linear" || file === "lora") return "products";
  return file === "attention" ? "attention" : "everything else";
}

export function groupShares(kernels: readonly Pick<KernelShare, "kernel" | "share">[]): Record<OpGroup, number> {
  const shares = { products: 0, attention: 0, "everything else": 0 };
  for (const { kernel, share } of kernels) shares[groupOf(kernel)] += share;
  return shares;
}

/**
 * How time grows: the slope of log(ms) over log(value), by least squares. 1 is linear; below, a fixed cost is spread;
 * above, it grows faster than what is asked (attention in the length).
 */
export function exponent(points: readonly { readonly value: number; readonly stepMs: number }[]): number {
  const logs = points.map(({ value, stepMs }) => [Math.log(value), Math.log(stepMs)] as const);
  const mean = (at: 0 | 1) => logs.reduce((sum, pair) => sum + pair[at], 0) / logs.length;
  const [x, y] = [mean(0), mean(1)];
  const over = logs.reduce((sum, [a, b]) => sum + (a - x) * (b - y), 0);
  return over / logs.reduce((sum, [a]) => sum + (a - x) ** 2, 0);
}

export const AXES: Readonly<
  Record<GrowthAxis, { readonly title: string; readonly unit: string; readonly fixed: string }>
> = {
  tokens: { title: "Sequence length", unit: "tokens", fixed: "1 layer, rank 16" },
  rank: { title: "LoRA rank", unit: "rank of every matrix", fixed: "1 layer, 256 tokens" },
  layers: { title: "Layers", unit: "layers", fixed: "256 tokens, rank 16" },
  sequences: { title: "Batch", unit: "sequences of 128 tokens", fixed: "1 layer, rank 16" },
};

export function growthCsv(points: readonly GrowthPoint[]): string {
  const rows = points.map(({ axis, value, stepMs, tokensPerSecond, gflop }) =>
    [axis, value, stepMs.toFixed(2), tokensPerSecond.toFixed(1), gflop.toFixed(3)].join(","),
  );
  return ["axis,value,step_ms,tokens_per_second,gflop", ...rows, ""].join("\n");
}
