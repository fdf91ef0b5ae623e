/**
 * The training loop, as a generator of events: the caller pulls, so pausing and stopping need no flags inside. It knows no
 * method: a feed gives the sequences of a step, an objective their loss and its slopes. Losses are read back up to two
 * steps late where nothing depends on them.
 */
import { countTrained, type Encoded } from "@/data/encode";
import { type PackedBatch, packBatch } from "@/data/pack";
import { AppError } from "@/errors";
import { NO_STEP, packStep, type Step } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import type { Runtime } from "@/model/runtime";
import type { Trainable } from "@/model/trainable";
import type { Feed } from "@/train/feed";
import { createGuard } from "@/train/guard";
import type { Judgement, Objective, Scalars, Share } from "@/train/objective";
import { updatingOf } from "@/train/optimizers";
import { bySequence, type Item } from "@/train/packing";
import { createPasses, type Passes } from "@/train/passes";
import type { Recipe } from "@/train/recipe";
import { scheduleFactor } from "@/train/schedule";
import { createScorer } from "@/train/scorer";
import type { TrainingState } from "@/train/state";
import { hashNumbers } from "@/util/random";
import { type Timeline, timed } from "@/util/timeline";

/** How a run goes on, is kept and ends, apart from what it learns. */
export interface TrainingWay {
  /** Where it goes on; without it, at step 0 with the adapter as it is. */
  readonly from?: TrainingState | undefined;
  /** Asked after each step and its evaluation: is its state wanted? */
  readonly keeps?: ((step: number, evaluated: boolean) => boolean) | undefined;
  /** Asked before each step that a run may go on from, with the steps done: is it time to end? */
  readonly ends?: ((step: number) => boolean) | undefined;
  /** Instead of the recipe's schedule: the rate of each step, from 0. */
  readonly rate?: ((step: number) => number) | undefined;
  /** Gets what happens until the first step has ended. */
  readonly timeline?: Timeline | undefined;
}

export interface TrainingRun<S extends Encoded = Encoded> extends TrainingWay {
  readonly runtime: Runtime;
  readonly layout: Trainable;
  /** Holds what is trained as it starts, an adapter or weights; updated in place. */
  readonly adapter: DeviceBuffer;
  readonly recipe: Recipe;
  readonly objective: Objective<S>;
  readonly feed: Feed<S>;
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
      scalars: Scalars;
    }
  | { type: "eval"; step: number; loss?: number; scalars: Scalars }
  | { type: "checkpoint"; state: TrainingState }
  | { type: "warning"; message: string };

type StepEvent = Extract<TrainerEvent, { type: "step" }>;

/** How many steps may be in flight before their losses are read: none where a step's calls end with the step. */
const LAG: Readonly<Record<Target["name"], number>> = { webgpu: 2, cpu: 0 };

interface InFlight {
  readonly event: Omit<StepEvent, "loss" | "gradNorm">;
  readonly judged: readonly Promise<Judgement>[];
  /** Sequences of each micro-batch, for the means. */
  readonly sizes: readonly number[];
  readonly norm: Promise<number>;
}

/** Throws AppError "run/diverged" when the loss explodes, "run/reward" when code that rewards gives nothing. Returning early (stop) keeps the adapter so far. */
export async function* train<S extends Encoded>(run: TrainingRun<S>): AsyncGenerator<TrainerEvent, void, void> {
  const { runtime, layout, recipe, objective, feed } = run;
  const { steps } = recipe.schedule;
  const { every } = recipe.evaluate;
  const { target } = runtime;
  const scale = layout.scale;
  const writeStep = (step: Partial<Step>) => {
    const buffer = runtime.buffers.get("step");
    if (buffer) target.write(buffer, packStep({ ...NO_STEP, adapter_scale: scale, loss_scale: 1, ...step }));
  };
  const { largest } = feed;
  const { timeline } = run;
  const shared = { runtime, layout, adapter: run.adapter, head: objective.head, largest };
  const passes = createPasses({ ...shared, trained: true, updating: updatingOf(recipe), timeline });
  // An adapter that is new is switched off for it; all else is compared with a copy of how it started.
  const copies = objective.reference && (layout.kind === "full" || recipe.start === "adapter");
  const start = copies ? await startPasses(run) : undefined;
  if (run.from) {
    target.write(run.adapter, run.from.adapter);
    passes.setState(run.from.optimizer);
  }
  const reference = start ? { passes: start.passes, scale } : { passes, scale: 0 };
  const setScale = (adapterScale: number) => writeStep({ adapter_scale: adapterScale });
  const scorer = createScorer({ passes, largest, reference, scale, setScale });
  const guard = createGuard(target, layout, run.adapter, { vocab: runtime.arch.vocab, start: run.from?.step ?? 0 });
  const inFlight: InFlight[] = [];
  const settleNext = async (): Promise<StepEvent> => {
    const event = await settle(inFlight.shift() as InFlight);
    await guard.check(event.step, event.loss, event.gradNorm);
    return event;
  };
  const settleAll = async function* () {
    while (inFlight.length > 0) yield await settleNext();
  };
  const checkpoint = async (step: number): Promise<TrainerEvent> => {
    const adapter = new Float32Array(await target.read(run.adapter));
    guard.saw(step, adapter);
    return { type: "checkpoint", state: { step, adapter, optimizer: await passes.state(), start: start?.adapter } };
  };
  const look = async (step: number): Promise<TrainerEvent> => {
    const found = await timed(timeline, "held-out rows", async () => feed.heldOut?.(scorer, step));
    return { type: "eval", step, scalars: {}, ...found };
  };
  /** At what the run began with, put back for as long as that is looked at. */
  const lookBack = async function* () {
    const learned = await target.read(run.adapter);
    target.write(run.adapter, new Uint8Array(await guard.start));
    try {
      yield await look(0);
    } finally {
      target.write(run.adapter, new Uint8Array(learned));
    }
  };
  const first = run.from?.step ?? 0;
  // Whoever waits for the first step need not wait for a look at held-out rows. Whole weights are not copied for that.
  const looks = first > 0 || !feed.heldOut ? "never" : layout.kind === "lora" && feed.looksLater ? "behind" : "before";
  let done = first;
  let kept = first;
  try {
    if (looks === "before") yield await look(0);
    await scorer.keepReference(feed.precompute);
    // An end waits for a boundary, since nothing in between can be gone on from.
    for (let step = first; step < steps && !(feed.atBoundary(step) && run.ends?.(step)); step++) {
      const { rows, window, scalars, warnings } = await feed.next(step);
      for (const message of warnings) yield { type: "warning", message };
      const references: Float32Array[][] = [];
      if (objective.reference) for (const item of window) references.push(await scorer.reference(item));
      const labels = window.flat().reduce((sum, sequence) => sum + countTrained(sequence), 0);
      const share = { sequences: window.flat().length, labels };
      const lr = run.rate?.(step) ?? recipe.optimizer.learningRate * scheduleFactor(recipe.schedule, step);
      const settings = adamStep(recipe, step + 1, lr);
      writeStep(settings);
      const judged: Promise<Judgement>[] = [];
      for (const [i, item] of window.entries()) {
        // A mask of its own for every micro-batch; it follows from recipe and step, so a resumed run draws it again.
        if (layout.kind === "lora" && layout.dropout)
          writeStep({ ...settings, seed: hashNumbers([recipe.seed, step, i]) % 2 ** 24 });
        judged.push((await learn(passes, objective, item, references[i] ?? [], share)).judged);
      }
      const { norm } = await passes.update();
      guard.keep(step + 1);
      if (step === first) yield { type: "compiled" };
      const tokens = window.flat().reduce((sum, { ids }) => sum + ids.length, 0);
      const event = { type: "step" as const, step: step + 1, lr, tokens, rows, scalars };
      inFlight.push({ event, judged, sizes: window.map(({ length }) => length), norm });
      const evaluateNow = feed.heldOut && (step + 1 === steps || (every > 0 && (step + 1) % every === 0));
      while (inFlight.length > (evaluateNow || step + 1 === steps ? 0 : LAG[target.name])) yield await settleNext();
      if (step === first && looks === "behind") {
        yield* settleAll();
        yield* lookBack();
      }
      done = step + 1;
      if (evaluateNow) yield await look(done);
      if (feed.atBoundary(done) && run.keeps?.(done, evaluateNow === true)) {
        yield* settleAll();
        yield await checkpoint(done);
        kept = done;
      }
    }
    yield* settleAll();
    if (run.keeps && done > kept && feed.atBoundary(done)) yield await checkpoint(done);
  } catch (error) {
    // Nothing is wrong with what was learned so far: a run whose rewards failed can go on from here.
    if (error instanceof AppError && error.code === "run/reward" && run.keeps && done > kept && feed.atBoundary(done)) {
      yield* settleAll();
      yield await checkpoint(done);
    }
    throw error;
  } finally {
    await target.idle().catch(() => {});
    passes.release();
    start?.release();
    feed.release();
  }
}

/** Forward and backward of one micro-batch, enqueued; in a box, since a bare promise would be waited for. */
async function learn<S extends Encoded>(
  passes: Passes,
  objective: Objective<S>,
  item: Item<S>,
  references: readonly Float32Array[],
  share: Share,
): Promise<{ judged: Promise<Judgement> }> {
  const judge = (sequences: Item<S>, logp: Float32Array) => {
    const logps = bySequence(logp, sequences);
    return objective.judge(
      sequences.map((sequence, i) => ({ sequence, logp: logps[i] ?? NONE, reference: references[i] ?? NONE })),
      share,
    );
  };
  if (objective.head.staged) {
    const batch = packBatch(item);
    const judged = await passes.trainStaged(batch, (nll) => {
      const judgement = judge(item, negated(nll));
      return { judgement, weights: rowWeights(batch, judgement) };
    });
    return { judged: Promise.resolve(judged) };
  }
  const zeros = new Float32Array(item.reduce((sum, sequence) => sum + countTrained(sequence), 0));
  const blind = judge(item, zeros);
  // A sequence whose slopes are all 0 teaches nothing, so it is not computed.
  const teaching = item.filter((_, i) => Array.from(blind.slopes[i] ?? []).some((slope) => slope !== 0));
  if (teaching.length === 0) return { judged: Promise.resolve(blind) };
  const batch = packBatch(teaching);
  const weights = rowWeights(batch, judge(teaching, zeros.subarray(0, batch.counts.labels)));
  const { nll } = await passes.train({ ...batch, rowWeights: weights });
  return { judged: nll.then((values) => judge(teaching, negated(values))) };
}

const NONE = new Float32Array();
const negated = (values: Float32Array) => values.map((value) => -value);

/** d loss = Σ slope · d logp = Σ -slope · d nll. */
function rowWeights({ rowWeights }: PackedBatch, { slopes }: Judgement): Float32Array<ArrayBuffer> {
  const weights = new Float32Array(rowWeights.length);
  let at = 0;
  for (const slope of slopes) for (let i = 0; i < slope.length; i++) weights[at++] = -(slope[i] ?? 0);
  return weights;
}

/** Forward passes of what the run started from, in a copy; called before a run that goes on is put back. */
async function startPasses<S extends Encoded>({ runtime, layout, adapter, feed, objective, from }: TrainingRun<S>) {
  const { target } = runtime;
  const copy = target.allocate(layout.length * 4, "adapter at the start");
  const values = from?.start ?? new Float32Array(await target.read(adapter));
  target.write(copy, values);
  const { largest } = feed;
  const passes = createPasses({ runtime, layout, adapter: copy, head: objective.head, largest, trained: false });
  const release = () => {
    passes.release();
    target.free(copy);
  };
  return { passes, release, adapter: values };
}

async function settle({ event, judged, sizes, norm }: InFlight): Promise<StepEvent> {
  const judgements = await Promise.all(judged);
  const loss = judgements.reduce((sum, judgement) => sum + judgement.loss, 0);
  const all = sizes.reduce((a, b) => a + b, 0);
  const scalars: Record<string, number> = { ...event.scalars };
  for (const [i, judgement] of judgements.entries()) {
    for (const [name, value] of Object.entries(judgement.scalars)) {
      scalars[name] = (scalars[name] ?? 0) + (value * (sizes[i] ?? 0)) / all;
    }
  }
  return { ...event, scalars, loss, gradNorm: await norm };
}

export function adamStep({ optimizer }: Recipe, t: number, lr: number): Partial<Step> {
  const { kind, momentum, beta2, epsilon, weightDecay, maxGradNorm } = optimizer;
  const beta1 = kind === "sgd" ? momentum : optimizer.beta1;
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
