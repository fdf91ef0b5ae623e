/** A run while it goes on, and what came of it, as types only. */
import type { Recipe } from "@/train/recipe";
import type { ProbeReport } from "@/worker/api/probe";
import type { TimelineEvent } from "@/worker/api/timeline";

export interface Sample {
  readonly prompt: string;
  readonly text: string;
}

export type RunEvent =
  | { type: "phase"; phase: "compile" | "train" | "evaluate" | "paused" | "done" }
  | {
      type: "step";
      step: number;
      loss: number;
      gradNorm: number;
      lr: number;
      tokensPerSecond: number;
      /** What the method reports besides its loss, under TRL's names: "rewards/margins", "reward", "kl" … */
      scalars?: Readonly<Record<string, number>>;
      /** Indices of the training rows, per micro-batch. */
      rows?: readonly (readonly number[])[];
      /** Seconds left of training, by the median of recent steps; absent until that is stable. */
      eta?: number;
    }
  /** Without a loss where there is none before sampling (GRPO). */
  | { type: "eval"; step: number; loss?: number; scalars?: Readonly<Record<string, number>> }
  | { type: "samples"; step: number; samples: readonly Sample[] }
  | { type: "probe"; report: ProbeReport }
  | TimelineEvent
  | { type: "warning"; message: string };

export interface RunResult {
  /** Under which the run is kept; null where nothing could be kept. */
  readonly run: string | null;
  readonly recipe: Recipe;
  readonly steps: number;
  /** True when stopped before the last step. */
  readonly stopped: boolean;
  readonly finalLoss: number;
  readonly evalLossBefore: number | null;
  readonly evalLossAfter: number | null;
  /** What the method measures on held-out data besides, at the start and at the end. */
  readonly evalBefore: Readonly<Record<string, number>>;
  readonly evalAfter: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly trainableParameters: number;
  /** Bytes on the device: what the plan said, and the most that was really allocated while training. */
  readonly memory: { readonly forecast: number; readonly peak: number };
}
