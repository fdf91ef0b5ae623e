/**
 * One training run: checks that it fits, drives the trainer, and turns its events into what people watch, with speed,
 * time left and samples. Events go out at most ten times a second, because each crossing of the worker border costs.
 */
import type { Dataset } from "@/data/dataset-types";
import { AppError } from "@/errors";
import { adapterLayout, initialAdapter } from "@/model/adapter";
import { answer, cacheShape, type LoadedAdapter } from "@/session/answers";
import { memoryPlan, requireFit, type Workload } from "@/session/ledger";
import { methodWork, trainMethod } from "@/session/method";
import type { OpenModel } from "@/session/open-model";
import { createProgress } from "@/session/progress";
import type { Recipe } from "@/train/recipe";
import type { TrainerEvent } from "@/train/trainer";
import type { RunEvent, RunResult, Sample } from "@/worker/api";

/** What the outside may say to a run; looked at between steps. */
export interface RunControl {
  stopped: boolean;
  /** Pending while paused. */
  paused: Promise<void> | undefined;
}

export interface RunInputs {
  readonly model: OpenModel;
  readonly dataset: Dataset;
  readonly recipe: Recipe;
  readonly control: RunControl;
  readonly emit: (events: readonly RunEvent[]) => void;
  /** The adapter that is there already, for runs that go on from it. */
  readonly loaded?: LoadedAdapter | undefined;
  /** Gets the adapter as soon as it exists, so that a stopped or failed run still leaves one. */
  readonly onAdapter: (adapter: LoadedAdapter) => void;
}

const EMIT_EVERY_MS = 100;
const SAMPLE_TOKENS = 32;
const SHOWN_SAMPLES = 4;

export async function runTraining(inputs: RunInputs): Promise<RunResult> {
  const { model, dataset, recipe, control } = inputs;
  const { target } = model.runtime;
  const work = workloadOf(model, dataset, recipe);
  const plan = memoryPlan(model.arch, model.runtime.formats, recipe, work, target.limits.memoryBudget);
  requireFit(plan);
  target.takePeakBytes();
  const adapter = startAdapter(inputs);
  const { layout } = adapter;

  const out = createOutbox(inputs.emit);
  const start = performance.now();
  const progress = createProgress(start);
  const summary: Summary = { steps: 0, finalLoss: Number.NaN, evals: [] };
  const takeSamples = async (step: number) => {
    const samples = await sampleAnswers(model, dataset, adapter, recipe);
    if (samples.length > 0) out.put({ type: "samples", step, samples });
    progress.skip(performance.now());
  };
  out.put({ type: "phase", phase: "compile" });
  const events = trainMethod(model, dataset, recipe, adapter);
  for await (const event of events) {
    out.put(...translate(event, recipe, progress, summary));
    if (event.type === "eval") await takeSamples(event.step);
    await waitWhilePaused(control, out, progress);
    if (control.stopped) break;
  }
  if (dataset.eval.length === 0 && !control.stopped) await takeSamples(summary.steps);
  out.put({ type: "phase", phase: "done" });
  out.flush();
  return {
    recipe,
    steps: summary.steps,
    stopped: summary.steps < recipe.schedule.steps,
    finalLoss: summary.finalLoss,
    evalLossBefore: summary.evals[0]?.loss ?? null,
    evalLossAfter: summary.evals.at(-1)?.loss ?? null,
    evalBefore: summary.evals[0]?.scalars ?? {},
    evalAfter: summary.evals.at(-1)?.scalars ?? {},
    seconds: (performance.now() - start) / 1000,
    trainableParameters: layout.parameters,
    memory: { forecast: plan.total, peak: target.takePeakBytes() },
  };
}

interface Summary {
  steps: number;
  finalLoss: number;
  readonly evals: Extract<TrainerEvent, { type: "eval" }>[];
}

/** A fresh adapter, or the loaded one, which this run then goes on from. */
function startAdapter({ model, recipe, loaded, onAdapter }: RunInputs): LoadedAdapter {
  const { target } = model.runtime;
  if (recipe.start === "adapter") {
    if (loaded) return loaded;
    throw new AppError("usage", "There is no adapter to go on from.", {
      hint: 'Train or load one first, or set start to "new".',
    });
  }
  const layout = adapterLayout(model.arch, recipe.lora);
  const adapter = { layout, buffer: target.allocate(layout.length * 4, "adapter") };
  target.write(adapter.buffer, initialAdapter(layout, recipe.seed));
  onAdapter(adapter);
  return adapter;
}

function translate(
  event: TrainerEvent,
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
  return { ...methodWork(dataset, recipe), samples: cacheShape(model, prompts, sampleTokens(recipe)) };
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

/** For a session that is asked to do two things at once. */
export function busy(): AppError {
  return new AppError("usage", "A run is under way.", { hint: "Wait for it to end, or stop it first." });
}
