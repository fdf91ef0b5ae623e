/**
 * The training loop, as a generator of events: the caller pulls, so pausing and stopping need no flags inside. Losses are
 * read back up to two steps late; the loss of a step is Σ nll / labelled tokens over its whole accumulation window.
 */
import type { Encoded } from "@/data/encode";
import { type Bucket, batches, bucketOf, type PackedBatch, packBatch } from "@/data/pack";
import { AppError } from "@/errors";
import { NO_STEP, packStep, type Step } from "@/graph/step";
import type { DeviceBuffer } from "@/graph/target";
import type { AdapterLayout } from "@/model/adapter";
import type { Runtime } from "@/model/runtime";
import { OBJECTIVES } from "@/train/objective";
import { createPasses, type Passes } from "@/train/passes";
import type { Recipe } from "@/train/recipe";
import { scheduleFactor } from "@/train/schedule";

export interface TrainingRun {
  readonly runtime: Runtime;
  readonly layout: AdapterLayout;
  /** Holds the initial adapter; updated in place. */
  readonly adapter: DeviceBuffer;
  readonly recipe: Recipe;
  readonly trainRows: readonly Encoded[];
  readonly evalRows: readonly Encoded[];
  /** Row indices of each micro-batch; by default every row once an epoch, shuffled by the recipe's seed. */
  readonly order?: Iterator<readonly number[], unknown, void>;
}

export type TrainerEvent =
  | { type: "compiled" }
  | {
      type: "step";
      step: number;
      loss: number;
      gradNorm: number;
      lr: number;
      tokens: number;
      rows: readonly (readonly number[])[];
    }
  | { type: "eval"; step: number; loss: number };

/** How many steps may be in flight before their losses are read. */
const LAG = 2;

interface InFlight {
  readonly step: number;
  readonly lr: number;
  readonly tokens: number;
  readonly labels: number;
  readonly rows: readonly (readonly number[])[];
  readonly nll: readonly Promise<Float32Array>[];
  readonly norm: Promise<number>;
}

/** Throws AppError "run/diverged" when the loss stops being a number. Returning early (stop) keeps the adapter so far. */
export async function* train(run: TrainingRun): AsyncGenerator<TrainerEvent, void, void> {
  const { runtime, layout, recipe, trainRows, evalRows } = run;
  const { steps } = recipe.schedule;
  const { every } = recipe.evaluate;
  const largest = largestBucket([trainRows, evalRows], recipe.batch.size);
  const objective = OBJECTIVES[recipe.method];
  const passes = createPasses({ runtime, layout, adapter: run.adapter, objective, largest, trained: true });
  const writeStep = (step: Partial<Step>) => {
    const buffer = runtime.buffers.get("step");
    if (buffer)
      runtime.target.write(buffer, packStep({ ...NO_STEP, adapter_scale: layout.alpha / layout.rank, ...step }));
  };
  const heldOut = async () => {
    writeStep({ loss_scale: 1 });
    return meanLoss(passes, evalRows, largest);
  };
  const order = run.order ?? batches(trainRows.length, recipe.batch.size, recipe.seed);
  const inFlight: InFlight[] = [];
  try {
    if (evalRows.length > 0) yield { type: "eval", step: 0, loss: await heldOut() };
    for (let step = 0; step < steps; step++) {
      const rows = Array.from({ length: recipe.batch.accumulate }, () => nextRows(order));
      const window = rows.map((indices) =>
        packBatch(indices.map((i) => trainRows[i]).filter((row) => row !== undefined)),
      );
      const labels = window.reduce((sum, { counts }) => sum + counts.labels, 0);
      const lr = recipe.optimizer.learningRate * scheduleFactor(recipe.schedule, step);
      writeStep({ ...adamStep(recipe, step + 1, lr), loss_scale: 1 / Math.max(1, labels) });
      const nll: Promise<Float32Array>[] = [];
      for (const batch of window) nll.push((await passes.train(batch)).nll);
      const { norm } = await passes.update();
      if (step === 0) yield { type: "compiled" };
      const tokens = window.reduce((sum, { counts }) => sum + counts.tokens, 0);
      inFlight.push({ step: step + 1, lr, tokens, labels, rows, nll, norm });
      const evaluateNow = evalRows.length > 0 && (step + 1 === steps || (every > 0 && (step + 1) % every === 0));
      while (inFlight.length > (evaluateNow || step + 1 === steps ? 0 : LAG))
        yield await settle(inFlight.shift() as InFlight);
      if (evaluateNow) yield { type: "eval", step: step + 1, loss: await heldOut() };
    }
  } finally {
    await runtime.target.idle().catch(() => {});
    passes.release();
  }
}

function nextRows(order: Iterator<readonly number[], unknown, void>): readonly number[] {
  const next = order.next();
  return next.done ? [] : next.value;
}

async function settle({ step, lr, tokens, labels, rows, nll, norm }: InFlight): Promise<TrainerEvent> {
  const losses = await Promise.all(nll);
  const sum = losses.reduce((total, part) => total + part.reduce((a, b) => a + b, 0), 0);
  const loss = sum / Math.max(1, labels);
  const gradNorm = await norm;
  if (!Number.isFinite(loss) || !Number.isFinite(gradNorm)) {
    throw new AppError("run/diverged", `At step ${step} the loss was no longer a number.`, {
      hint: "Start again with a learning rate three to ten times smaller, or with gradient clipping on.",
    });
  }
  return { type: "step", step, loss, gradNorm, lr, tokens, rows };
}

function adamStep({ optimizer }: Recipe, t: number, lr: number): Partial<Step> {
  const { beta1, beta2, epsilon, weightDecay, maxGradNorm } = optimizer;
  return {
    learning_rate: lr,
    beta1,
    beta2,
    epsilon,
    weight_decay: weightDecay,
    correction1: 1 - beta1 ** t,
    correction2: 1 - beta2 ** t,
    max_norm: maxGradNorm,
  };
}

/** Mean nll over all labelled tokens of the rows, in as few passes as the bucket allows. */
async function meanLoss(passes: Passes, rows: readonly Encoded[], largest: Bucket): Promise<number> {
  let sum = 0;
  let count = 0;
  for (const { batch } of packAll(rows, largest.tokens)) {
    const nll = await (await passes.loss(batch)).nll;
    sum += nll.reduce((a, b) => a + b, 0);
    count += nll.length;
  }
  return sum / Math.max(1, count);
}

/** Rows in order, as many to a batch as `maxRows` tokens hold; `first` is the index of a batch's first row. */
export function* packAll(
  rows: readonly Encoded[],
  maxRows: number,
): Generator<{ batch: PackedBatch; first: number; count: number }> {
  let first = 0;
  while (first < rows.length) {
    let tokens = 0;
    let end = first;
    while (end < rows.length && (end === first || tokens + (rows[end]?.ids.length ?? 0) <= maxRows)) {
      tokens += rows[end]?.ids.length ?? 0;
      end++;
    }
    yield { batch: packBatch(rows.slice(first, end)), first, count: end - first };
    first = end;
  }
}

/** A bucket that holds any `size` rows of any of the sets. */
export function largestBucket(sets: readonly (readonly Encoded[])[], size: number): Bucket {
  const longest = (lengths: number[]) =>
    lengths
      .sort((a, b) => b - a)
      .slice(0, size)
      .reduce((a, b) => a + b, 0);
  const tokens = bucketOf(Math.max(...sets.map((set) => longest(set.map(({ ids }) => ids.length)))));
  return { tokens, labels: tokens };
}
