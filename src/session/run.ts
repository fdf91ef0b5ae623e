/**
 * One training run: checks that it fits, drives the trainer, and turns its events into what people watch, with speed,
 * time left and samples. Events go out at most ten times a second, because each crossing of the worker border costs.
 */
import type { Dataset } from "@/data/dataset-types";
import { AppError } from "@/errors";
import type { Sandbox } from "@/eval/sandbox/sandbox";
import { answer, cacheShape, type LoadedAdapter } from "@/session/answers";
import { answerCases, casesOf } from "@/session/compare";
import type { RunControl } from "@/session/control";
import { createJudge } from "@/session/early-stop";
import type { Foresight } from "@/session/foresight";
import type { Keeper } from "@/session/keeper";
import { memoryPlan, requireFit, type Workload } from "@/session/ledger";
import { methodWork, trainMethod } from "@/session/method";
import type { OpenModel } from "@/session/open-model";
import { createProgress } from "@/session/progress";
import { startOf } from "@/session/trained";
import type { Recipe } from "@/train/recipe";
import type { TrainingState } from "@/train/state";
import type { TrainerEvent } from "@/train/trainer";
import { type Timeline, timed } from "@/util/timeline";
import type { RunEvent, RunResult, Sample } from "@/worker/api/run";
import type { TimelineEvent } from "@/worker/api/timeline";

export interface RunInputs {
  readonly model: OpenModel;
  readonly dataset: Dataset;
  readonly recipe: Recipe;
  readonly control: RunControl;
  readonly sandbox: Sandbox;
  readonly emit: (events: readonly RunEvent[]) => void;
  /** The adapter that is there already, for runs that go on from it. */
  readonly loaded?: LoadedAdapter | undefined;
  /** Keeps record and checkpoints; absent for trials. */
  readonly keeper?: Keeper | undefined;
  /** Where the run goes on. */
  readonly from?: TrainingState | undefined;
  /** Of the run, from the request on. */
  readonly timeline: Timeline;
  readonly tellTimeline: () => TimelineEvent;
  readonly foresight: Foresight;
  /** Called when all is known to be well, before a new one is allocated: what is loaded may go. */
  readonly makeRoom: () => void;
  /** Gets the adapter as soon as it exists, so that a stopped or failed run still leaves one. */
  readonly onAdapter: (adapter: LoadedAdapter) => void;
}

const EMIT_EVERY_MS = 100;
const SAMPLE_TOKENS = 32;
const SHOWN_SAMPLES = 4;
/** Steps ahead of those told of which pipelines are made: more than may be in flight. */
const AHEAD = 6;

export async function runTraining(inputs: RunInputs): Promise<Omit<RunResult, "run">> {
  const { model, dataset, recipe, control, sandbox } = inputs;
  const { target } = model.runtime;
  const { timeline } = inputs;
  const work = workloadOf(model, dataset, recipe);
  const plan = timed(timeline, "memory forecast", () =>
    memoryPlan(model.arch, model.runtime.formats, recipe, work, target.limits),
  );
  requireFit(plan);
  target.takePeakBytes();
  const adapter = await timed(timeline, "adapter", () => startAdapter(inputs));
  const { layout } = adapter;

  const { keeper, from } = inputs;
  const out = createOutbox((events) => {
    keeper?.observe(events);
    inputs.emit(events);
  });
  const start = performance.now();
  const progress = createProgress(start);
  const summary: Summary = { steps: 0, finalLoss: Number.NaN, evals: [] };
  const takeSamples = async (step: number) => {
    const samples = await timed(timeline, "samples", () => sampleAnswers(model, dataset, adapter, recipe));
    if (samples.length > 0) out.put({ type: "samples", step, samples });
    progress.skip(performance.now());
  };
  out.put({ type: "phase", phase: "compile" });
  const judge = createJudge(recipe);
  const events = trainMethod(model, dataset, recipe, adapter, {
    ...{
      timeline,
      from,
      sandbox,
      ends: (step: number) => control.stopped || step >= (control.until ?? Number.POSITIVE_INFINITY),
    },
    ...(keeper ? { keeps: keeper.wants } : {}),
  });
  for await (const event of events) {
    if (event.type === "checkpoint") {
      out.flush();
      await keeper?.keep(event.state, judge.measured(event.state.step));
      progress.skip(performance.now());
      continue;
    }
    if (event.type === "eval") {
      const passRate = recipe.keep.by === "passRate" ? await heldOutRate(model, dataset, adapter, recipe) : null;
      const scalars = passRate === null ? event.scalars : { ...event.scalars, pass_rate: passRate };
      out.put(...translate({ ...event, scalars }, recipe, progress, summary));
      await takeSamples(event.step);
      const why = judge.hear(event.step, { evalLoss: event.loss ?? null, passRate });
      if (why !== null) {
        out.put({ type: "warning", message: why });
        control.stopped = true;
      }
    } else {
      out.put(...translate(event, recipe, progress, summary));
      if (event.type === "step" && event.step === (from?.step ?? 0) + 1) {
        out.put(inputs.tellTimeline());
        // What comes next may take longer than anybody who waits for the first step should.
        out.flush();
      }
      if (event.type === "step") inputs.foresight.until(event.step + AHEAD);
    }
    // While the run is looked at as it began, what it learned is not in its place.
    if (event.type !== "eval" || event.step > 0) await waitWhilePaused(control, out, progress);
  }
  if (dataset.eval.length === 0 && !control.stopped) await takeSamples(summary.steps);
  out.put({ type: "phase", phase: "done" });
  out.flush();
  return {
    ...{ recipe, ...outcome(summary, recipe), trainableParameters: layout.parameters },
    seconds: (performance.now() - start) / 1000,
    memory: { forecast: plan.total, peak: target.takePeakBytes() },
  };
}

interface Summary {
  steps: number;
  finalLoss: number;
  readonly evals: Extract<TrainerEvent, { type: "eval" }>[];
}

function outcome({ steps, finalLoss, evals }: Summary, { schedule }: Recipe) {
  const [before, after] = [evals[0], evals.at(-1)];
  return {
    ...{ steps, finalLoss, stopped: steps < schedule.steps },
    evalLossBefore: before?.loss ?? null,
    evalLossAfter: after?.loss ?? null,
    evalBefore: before?.scalars ?? {},
    evalAfter: after?.scalars ?? {},
  };
}

/** What the run begins with anew, or what is loaded, which this run then goes on from. */
async function startAdapter({ model, recipe, loaded, makeRoom, onAdapter, from }: RunInputs): Promise<LoadedAdapter> {
  // A run that goes on brings its own with it.
  if (recipe.start === "adapter" && !from) {
    if (loaded?.layout.kind === recipe.trains) return loaded;
    const what = recipe.trains === "full" ? "are no trained weights" : "is no adapter";
    throw new AppError("usage", `There ${what} to go on from.`, {
      hint: 'Train or load one first, or set start to "new".',
    });
  }
  makeRoom();
  const adapter = await startOf(model, recipe, recipe.trains === "full" ? "trained weights" : "adapter");
  onAdapter(adapter);
  return adapter;
}

/** The share of held-out cases that the adapter answers right. */
async function heldOutRate(
  model: OpenModel,
  dataset: Dataset,
  adapter: LoadedAdapter,
  recipe: Recipe,
): Promise<number> {
  const cases = casesOf(dataset.eval, recipe);
  const answers = await answerCases(model, adapter, cases, recipe, "tuned", () => {});
  const right = cases.filter(({ expected }, i) => answers[i]?.trim() === expected.trim());
  return right.length / cases.length;
}

function translate(
  event: Exclude<TrainerEvent, { type: "checkpoint" }>,
  recipe: Recipe,
  progress: ReturnType<typeof createProgress>,
  summary: Summary,
): RunEvent[] {
  if (event.type === "compiled") return [{ type: "phase", phase: "train" }];
  if (event.type === "eval") {
    summary.evals.push(event);
    progress.skip(performance.now());
    return [event];
  }
  if (event.type === "warning") return [event];
  const { step, loss, gradNorm, lr, tokens, rows, scalars } = event;
  summary.steps = step;
  summary.finalLoss = loss;
  const { tokensPerSecond, secondsPerStep } = progress.step(performance.now(), tokens);
  const eta = secondsPerStep === undefined ? {} : { eta: secondsPerStep * (recipe.schedule.steps - step) };
  return [{ type: "step", step, loss, gradNorm, lr, tokensPerSecond, rows, scalars, ...eta }];
}

async function waitWhilePaused(
  control: RunControl,
  out: Outbox,
  progress: ReturnType<typeof createProgress>,
): Promise<void> {
  if (!control.paused) return;
  out.put({ type: "phase", phase: "paused" });
  out.flush();
  control.onStill?.();
  await control.paused;
  out.put({ type: "phase", phase: "train" });
  progress.skip(performance.now());
}

/** The recipe's own prompts, else the first held-out ones. */
function samplePrompts(
  model: OpenModel,
  dataset: Dataset,
  recipe: Recipe,
): { prompt: string; ids: readonly number[] }[] {
  const given = recipe.evaluate.samples.map((prompt) => ({ prompt, ids: model.tokenizer.encode(prompt) }));
  const heldOut = dataset.eval.filter(({ promptIds }) => promptIds.length > 0);
  const chosen = given.length > 0 ? given : heldOut.map(({ prompt, promptIds }) => ({ prompt, ids: promptIds }));
  return chosen.slice(0, SHOWN_SAMPLES);
}

const sampleTokens = ({ evaluate }: Recipe) => Math.min(SAMPLE_TOKENS, evaluate.maxTokens);

export function workloadOf(model: OpenModel, dataset: Dataset, recipe: Recipe): Workload {
  const prompts = samplePrompts(model, dataset, recipe).map(({ ids }) => ids);
  const samples = cacheShape(model, prompts, sampleTokens(recipe));
  return { ...methodWork(dataset, recipe), samples, activations: model.runtime.target.activations };
}

async function sampleAnswers(
  model: OpenModel,
  dataset: Dataset,
  adapter: LoadedAdapter,
  recipe: Recipe,
): Promise<Sample[]> {
  const prompts = samplePrompts(model, dataset, recipe);
  const options = { maxTokens: sampleTokens(recipe), temperature: 0, seed: recipe.seed, useAdapter: true };
  const answers = await answer(
    model,
    adapter,
    prompts.map(({ ids }) => ids),
    options,
  );
  return prompts.map(({ prompt }, i) => ({
    prompt,
    text: model.tokenizer.decode(answers[i] ?? [], { skipSpecial: true }),
  }));
}

interface Outbox {
  put(...events: RunEvent[]): void;
  flush(): void;
}

function createOutbox(emit: (events: readonly RunEvent[]) => void): Outbox {
  let waiting: RunEvent[] = [];
  let last = 0;
  const flush = () => {
    if (waiting.length > 0) emit(waiting);
    waiting = [];
    last = performance.now();
  };
  return {
    put: (...events) => {
      waiting.push(...events);
      if (performance.now() - last >= EMIT_EVERY_MS) flush();
    },
    flush,
  };
}
