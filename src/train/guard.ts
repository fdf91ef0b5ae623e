/**
 * What keeps an exploding run from spoiling what it trains. Every few steps an adapter is read back; a copy counts as good
 * once the step after it, which used it, had a sound loss. When a loss is no number, or stays far above what guessing
 * costs, the last good copy is written back and the run ends with a sentence of cause. Reading all weights of a model
 * back would cost a good part of a step on a GPU, so of those only what checkpoints read anyway is kept.
 */
import { AppError } from "@/errors";
import type { DeviceBuffer, Target } from "@/graph/target";
import type { Trainable } from "@/model/trainable";

export interface Guard {
  /** What the run began with. */
  readonly start: Promise<ArrayBuffer>;
  /** After the update of a step was enqueued. */
  keep(step: number): void;
  /** What a checkpoint has read after this step. */
  saw(step: number, values: Float32Array<ArrayBuffer>): void;
  /** Throws AppError "run/diverged", after the last good copy is back in its buffer. */
  check(step: number, loss: number, gradNorm: number): Promise<void>;
}

interface Copy {
  readonly step: number;
  readonly bytes: Promise<ArrayBuffer | Float32Array<ArrayBuffer>>;
}

const EVERY = 10;
/** Losses looked at together, and how far above the worst sound value their median must lie. */
const WINDOW = 5;
const FACTOR = 3;

/** `start` is the step that the run goes on from. */
export function createGuard(
  target: Target,
  { kind }: Pick<Trainable, "kind">,
  adapter: DeviceBuffer,
  { vocab, start = 0 }: { readonly vocab: number; readonly start?: number },
): Guard {
  const begun = target.read(adapter);
  let good: Copy = { step: start, bytes: begun };
  let candidate: Copy | undefined;
  let first: number | undefined;
  const recent: number[] = [];
  return {
    start: begun,
    keep: (step) => {
      if (kind === "lora" && step % EVERY === 0) candidate ??= { step, bytes: target.read(adapter) };
    },
    saw: (step, values) => {
      candidate = { step, bytes: Promise.resolve(values) };
    },
    check: async (step, loss, gradNorm) => {
      first ??= loss;
      recent.push(Math.abs(loss));
      if (recent.length > WINDOW) recent.shift();
      // Guessing evenly among all tokens costs log V a token; what starts above that may stay there.
      const bound = FACTOR * Math.max(Math.abs(first), Math.log(vocab));
      const cause = !Number.isFinite(loss)
        ? "the loss was no longer a number"
        : !Number.isFinite(gradNorm)
          ? "the gradient was no longer a number"
          : recent.length === WINDOW && median(recent) > bound
            ? `the loss stayed above ${bound.toFixed(1)}, three times what it may cost to guess`
            : undefined;
      if (cause === undefined) {
        if (candidate && step > candidate.step) {
          good = candidate;
          candidate = undefined;
        }
        return;
      }
      const bytes = await good.bytes;
      target.write(adapter, bytes instanceof Float32Array ? bytes : new Uint8Array(bytes));
      await target.idle();
      const what = kind === "full" ? "The weights are those" : "The adapter is the one";
      const kept = good.step === start ? "from the start" : `of step ${good.step}`;
      throw new AppError("run/diverged", `At step ${step} ${cause}. ${what} ${kept} again.`, {
        hint: "Go on from it with a third of the learning rate, or with gradient clipping on.",
      });
    },
  };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
