/**
 * The "1 % run": a few steps on a scratch adapter that answer, before a long run, whether it can work and how long it takes.
 *
 *   same loss     the packed training pass at step 0 = rows one by one without adapter (mask, packing, labels agree)
 *   overfits      a few rows, again and again, get a lower loss (gradients point downhill and the adapter moves)
 *   finite        every gradient norm is a number
 *   speed         full batches, timed after a warm-up
 *
 * In batches it costs 3 (speed) + 8 halves (overfit) + less than 1; so a run of 240 batches spends under 5 % on it.
 */
import { countTrained, type Encoded } from "@/data/encode";
import { batches, packBatch } from "@/data/pack";
import { NO_STEP, packStep, type Step } from "@/graph/step";
import type { DeviceBuffer } from "@/graph/target";
import { PLAIN_HEAD } from "@/train/objective";
import { largestBucket } from "@/train/packing";
import { createPasses } from "@/train/passes";
import type { Recipe } from "@/train/recipe";
import { adamStep, type TrainingRun } from "@/train/trainer";
import type { ProbeReport } from "@/worker/api/probe";

const SHORTEST = 240;
const OVERFIT_STEPS = 8;
const MOST_ROWS = 4;
const TIMED = 2;
/** f32 sums in another order. */
const TOLERANCE = 2e-3;
/** Whole weights move further by the same rate. */
const OVERFIT_RATES = { lora: 1e-3, full: 3e-4 } as const;

/** Whether a run is long enough for its probe to stay within 5 % of it. Other methods sample or compare, so this says nothing of them. */
export const isLong = ({ schedule, batch, method }: Recipe): boolean =>
  method === "sft" && schedule.steps * batch.accumulate >= SHORTEST;

export type ProbeFacts = Omit<ProbeReport, "cloud" | "pricesOf" | "sentence" | "ok">;

interface ProbeRun extends Pick<TrainingRun, "runtime" | "layout" | "recipe"> {
  readonly trainRows: readonly Encoded[];
  readonly evalRows: readonly Encoded[];
  /** As a run begins; it is trained for nothing but this. */
  readonly buffer: DeviceBuffer;
}

export async function runProbe({
  runtime,
  layout,
  buffer,
  recipe,
  trainRows,
  evalRows,
}: ProbeRun): Promise<ProbeFacts> {
  const { target } = runtime;
  const start = performance.now();
  const largest = largestBucket(
    [trainRows, evalRows].map((rows) => rows.map((row) => [row])),
    recipe.batch.size,
  );
  const passes = createPasses({ runtime, layout, adapter: buffer, head: PLAIN_HEAD, largest, trained: true });
  const writeStep = (step: Partial<Step>) => {
    const buffer = runtime.buffers.get("step");
    if (buffer) target.write(buffer, packStep({ ...NO_STEP, adapter_scale: layout.scale, ...step }));
  };
  // Its rate is one for AdamW.
  const plain: Recipe = { ...recipe, optimizer: { ...recipe.optimizer, kind: "adamw" } };
  const norms: number[] = [];
  const step = async (rows: readonly Encoded[], t: number, rate: number) => {
    const batch = packBatch(rows);
    writeStep({ ...adamStep(plain, t, rate), loss_scale: 1 / Math.max(1, batch.counts.labels) });
    const { nll } = await passes.train(batch);
    const { norm } = await passes.update();
    norms.push(await norm);
    return { loss: mean(await nll), tokens: batch.counts.tokens };
  };
  try {
    const order = batches(trainRows.length, recipe.batch.size, recipe.seed);
    const nextRows = () => order.next().value.flatMap((i) => trainRows[i] ?? []);
    const few = nextRows().slice(0, Math.min(MOST_ROWS, Math.max(1, Math.ceil(recipe.batch.size / 2))));
    // Weights of their own still are those of the base here.
    writeStep({ adapter_scale: layout.kind === "lora" ? 0 : layout.scale, loss_scale: 1 });
    const base = await oneByOne(few, async (row) => (await passes.loss(packBatch([row]))).nll);
    const losses: number[] = [];
    const rate = Math.max(OVERFIT_RATES[recipe.trains], recipe.optimizer.learningRate);
    for (let t = 1; t <= OVERFIT_STEPS; t++) losses.push((await step(few, t, rate)).loss);
    await step(nextRows(), OVERFIT_STEPS + 1, 0);
    const speeds: number[] = [];
    for (let i = 0; i < TIMED; i++) {
      const before = performance.now();
      const { tokens } = await step(nextRows(), OVERFIT_STEPS + 2 + i, 0);
      speeds.push((1000 * tokens) / (performance.now() - before));
    }
    const [first = Number.NaN, last = Number.NaN] = [losses[0], losses.at(-1)];
    return {
      loss: { base, first, same: Math.abs(base - first) <= TOLERANCE * Math.max(1, base) },
      overfit: { steps: OVERFIT_STEPS, rows: few.length, first, last, falls: last < 0.9 * first || last < 0.05 },
      finite: norms.every(Number.isFinite) && losses.every(Number.isFinite),
      tokensPerSecond: { low: Math.min(...speeds), high: Math.max(...speeds) },
      ...forecast(recipe, trainRows, evalRows, speeds),
      spent: (performance.now() - start) / 1000,
    };
  } finally {
    await target.idle().catch(() => {});
    passes.release();
  }
}

const mean = (values: Float32Array) => values.reduce((a, b) => a + b, 0) / Math.max(1, values.length);

async function oneByOne(rows: readonly Encoded[], nllOf: (row: Encoded) => Promise<Float32Array>): Promise<number> {
  let sum = 0;
  for (const row of rows) sum += (await await nllOf(row)).reduce((a, b) => a + b, 0);
  return (
    sum /
    Math.max(
      1,
      rows.reduce((total, row) => total + countTrained(row), 0),
    )
  );
}

/** A forward pass costs a third of a training step. Samples in between are not counted, hence the wider upper end. */
function forecast(
  { schedule, batch, evaluate }: Recipe,
  trainRows: readonly Encoded[],
  evalRows: readonly Encoded[],
  speeds: readonly number[],
): { tokens: number; seconds: { low: number; high: number } } {
  const size = (rows: readonly Encoded[]) => rows.reduce((sum, { ids }) => sum + ids.length, 0);
  const tokens = (schedule.steps * batch.accumulate * batch.size * size(trainRows)) / Math.max(1, trainRows.length);
  const evaluations =
    evalRows.length === 0 ? 0 : 2 + (evaluate.every > 0 ? Math.floor(schedule.steps / evaluate.every) : 0);
  const work = tokens + (evaluations * size(evalRows)) / 3;
  const seconds = { low: (0.9 * work) / Math.max(...speeds), high: (1.3 * work) / Math.min(...speeds) };
  return { tokens: Math.round(tokens), seconds };
}
