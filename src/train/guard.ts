/**
 * What keeps an exploding run from spoiling its adapter. Every few steps the adapter is read back; a copy counts as good
 * once the step after it, which used it, had a sound loss. When a loss is no number, or stays far above what guessing
 * costs, the last good copy is written back and the run ends with a sentence of cause.
 */
import { AppError } from "@/errors";
import type { DeviceBuffer, Target } from "@/graph/target";

export interface Guard {
  /** After the update of a step was enqueued. */
  keep(step: number): void;
  /** Throws AppError "run/diverged", after the last good adapter is back in its buffer. */
  check(step: number, loss: number, gradNorm: number): Promise<void>;
}

const EVERY = 10;
/** Losses looked at together, and how far above the worst sound value their median must lie. */
const WINDOW = 5;
const FACTOR = 3;

export function createGuard(target: Target, adapter: DeviceBuffer, vocab: number): Guard {
  let good = { step: 0, bytes: target.read(adapter) };
  let candidate: typeof good | undefined;
  let first: number | undefined;
  const recent: number[] = [];
  return {
    keep: (step) => {
      if (step % EVERY === 0) candidate ??= { step, bytes: target.read(adapter) };
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
      target.write(adapter, new Uint8Array(await good.bytes));
      await target.idle();
      const kept = good.step === 0 ? "as it was at the start" : `of step ${good.step}`;
      throw new AppError("run/diverged", `At step ${step} ${cause}. The adapter is the one ${kept} again.`, {
        hint: "Go on from it with a third of the learning rate, or with gradient clipping on.",
      });
    },
  };
}

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
