/**
 * What a training step costs: forward, backward and AdamW on one packed batch, as the trainer runs them. Time is measured
 * over whole steps; each kernel's share by the device's own clock, or, where it has none, with a wait behind each call.
 */
import { median, repeat } from "@/bench/clock";
import { callFlops, countFlops } from "@/bench/flops";
import type { KernelShare, StepResult } from "@/bench/report";
import { bucketOf, type PackedBatch, packBatch } from "@/data/pack";
import { slotBytes } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { Activations, DeviceBuffer, Executable, Program } from "@/graph/target";
import { type AdapterLayout, adapterLayout, initialAdapter } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import type { Runtime } from "@/model/runtime";
import { formatLabel } from "@/model/weights";
import { PLAIN_HEAD } from "@/train/objective";
import { inputBytes } from "@/train/passes";
import { type Traced, traceOptimizer, tracePass } from "@/train/programs";
import { PROJECTIONS } from "@/train/recipe";

export interface StepSetting {
  /** Of each sequence. */
  readonly tokens: number;
  readonly sequences?: number;
  /** Part of the rows that predict a labelled token. */
  readonly labelled?: number;
  readonly rank: number;
  readonly keepActivations?: boolean;
  readonly activations?: Activations;
}

export interface StepPlan {
  readonly setting: StepSetting;
  readonly traced: Traced & { readonly layout: AdapterLayout };
  readonly batch: PackedBatch;
  readonly program: Program;
  readonly optimizer: Program;
  readonly flops: { readonly total: number; readonly recomputed: number };
  /** Rows times the keys that each sees. */
  readonly pairs: number;
  /** Bytes that a device needs for it beside the weights. */
  readonly bytes: number;
}

const LABEL_NONE = -100;
const MOST_STEPS = 25;

/** Everything that is known before a device is asked. */
export function planStep(arch: Architecture, tensors: Traced["tensors"], setting: StepSetting): StepPlan {
  const { tokens, sequences = 1, labelled = 1, rank } = setting;
  const layout = adapterLayout(arch, { rank, alpha: 2 * rank, targets: PROJECTIONS });
  const { activations, keepActivations = false } = setting;
  const traced = { arch, tensors, layout, head: PLAIN_HEAD, activations, keepActivations };
  const row = (sequence: number) => {
    const ids = Array.from({ length: tokens }, (_, i) => (7 * i + 13 * sequence) % arch.vocab);
    return { ids, labels: ids.map((id, i) => (i >= tokens * (1 - labelled) ? id : LABEL_NONE)) };
  };
  const bucket = bucketOf(tokens * sequences);
  const labels = Math.min(bucket, bucketOf(Math.round(tokens * labelled) * sequences));
  const batch = packBatch(
    Array.from({ length: sequences }, (_, i) => row(i)),
    { tokens: bucket, labels },
  );
  const program = tracePass(traced, { tokens: bucket, labels }, true);
  const pairs = batch.span.reduce((sum, value, i) => sum + (i % 2 ? value : -value), 0);
  const bytes = slotBytes(program) + 4 * layout.length * 4 + inputsOf(batch);
  return {
    setting,
    traced,
    batch,
    program,
    optimizer: traceOptimizer(layout),
    flops: countFlops(program, pairs),
    pairs,
    bytes,
  };
}

/** `gflops`: the ceiling to compare with. `seconds`: for the measured steps, one at least. */
export async function measureStep(
  runtime: Runtime,
  make: () => StepPlan,
  gflops: number,
  seconds: number,
): Promise<Omit<StepResult, "model" | "variant">> {
  const { target } = runtime;
  target.takePeakBytes();
  const began = performance.now();
  const plan = make();
  const { program, optimizer, batch, traced, setting } = plan;
  const opened = await openStep(runtime, plan);
  try {
    const { executables, step } = opened;
    await step();
    const firstStepMs = performance.now() - began;
    const times = await repeat(step, seconds, 1, MOST_STEPS);
    // The best of several, as the ceiling is.
    const stepMs = Math.min(...times.map(({ whole }) => whole));
    const kernels = sharesOf(executables, await profiles(executables), plan.pairs);
    const { total, recomputed } = plan.flops;
    const { counts } = batch;
    return {
      ...{
        tokens: counts.tokens,
        labels: counts.labels,
        rank: setting.rank,
        weightFormat: formatLabel(traced.tensors),
      },
      ...{ dispatches: program.calls.length + optimizer.calls.length, jsMs: median(times.map(({ js }) => js)), stepMs },
      ...{ firstStepMs, tokensPerSecond: (1000 * counts.tokens) / stepMs },
      ...{ gflop: total / 1e9, recomputedGflop: recomputed / 1e9 },
      utilisation: total / stepMs / 1e6 / gflops,
      mfu: (total - recomputed) / stepMs / 1e6 / gflops,
      ...{ slotBytes: slotBytes(program), peakBytes: program.peakBytes, deviceBytes: target.takePeakBytes() },
      kernels,
    };
  } finally {
    opened.release();
  }
}

export interface OpenedStep {
  readonly executables: readonly Executable[];
  /** One step to its end: milliseconds of this thread's own work, and of all. */
  step(): Promise<{ readonly js: number; readonly whole: number }>;
  release(): void;
}

/** A step's programs and buffers, ready to run again and again. */
export async function openStep(runtime: Runtime, plan: StepPlan): Promise<OpenedStep> {
  const { target } = runtime;
  const own = allocate(runtime, plan);
  const executables: Executable[] = [];
  const release = () => {
    for (const executable of executables.splice(0)) target.discard(executable);
    for (const buffer of own.values()) target.free(buffer);
  };
  try {
    const buffers = new Map([...runtime.buffers, ...own]);
    for (const item of await Promise.all([plan.program, plan.optimizer].map((each) => target.compile(each, buffers))))
      executables.push(item);
  } catch (error) {
    release();
    throw error;
  }
  const step = async () => {
    const start = performance.now();
    writeInputs(runtime, own, plan.batch);
    let js = performance.now() - start;
    for (const executable of executables) {
      const from = performance.now();
      const running = executable.run();
      js += performance.now() - from;
      await running;
    }
    await target.idle();
    return { js, whole: performance.now() - start };
  };
  return { executables, step, release };
}

const INPUTS = ["tokens", "positions", "span", "labelRows", "labelSlots", "targets", "rowWeights"] as const;

const inputsOf = ({ tokens, targets }: PackedBatch) =>
  Object.values(inputBytes({ tokens: tokens.length, labels: targets.length })).reduce((a, b) => a + b, 0);

function allocate({ target, buffers }: Runtime, { batch, traced }: StepPlan): Map<string, DeviceBuffer> {
  const { layout } = traced;
  const flat = layout.length * 4;
  const sizes = {
    ...inputBytes({ tokens: batch.tokens.length, labels: batch.targets.length }),
    ...{ adapter: flat, "adapter.grad": flat, "adapter.m": flat, "adapter.v": flat, norm: 4 },
  };
  const own = new Map<string, DeviceBuffer>();
  try {
    for (const [name, bytes] of Object.entries(sizes)) own.set(name, target.allocate(bytes, name));
  } catch (error) {
    for (const buffer of own.values()) target.free(buffer);
    throw error;
  }
  const adapter = own.get("adapter");
  const step = buffers.get("step");
  if (adapter) target.write(adapter, initialAdapter(layout, 1));
  const rates = { learning_rate: 1e-4, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, correction1: 0.1, correction2: 0.001 };
  const settings = { ...NO_STEP, ...rates, adapter_scale: 2, max_norm: 1, loss_scale: 1 / batch.counts.labels };
  if (step) target.write(step, packStep(settings));
  return own;
}

function writeInputs({ target }: Runtime, own: ReadonlyMap<string, DeviceBuffer>, batch: PackedBatch): void {
  for (const name of INPUTS) {
    const buffer = own.get(name);
    if (buffer) target.write(buffer, batch[name]);
  }
  const gradient = own.get("adapter.grad");
  if (gradient) target.clear(gradient);
}

async function profiles(executables: readonly Executable[]): Promise<Float64Array[]> {
  const all: Float64Array[] = [];
  for (const executable of executables) all.push(await executable.profile());
  return all;
}

function sharesOf(executables: readonly Executable[], times: readonly Float64Array[], pairs: number): KernelShare[] {
  const byKernel = new Map<string, { calls: number; ms: number; gflop: number }>();
  executables.forEach(({ program }, e) => {
    program.calls.forEach((call, i) => {
      const { calls, ms, gflop } = byKernel.get(call.kernel) ?? { calls: 0, ms: 0, gflop: 0 };
      byKernel.set(call.kernel, {
        calls: calls + 1,
        ms: ms + (times[e]?.[i] ?? 0),
        gflop: gflop + callFlops(call, pairs) / 1e9,
      });
    });
  });
  const total = [...byKernel.values()].reduce((sum, { ms }) => sum + ms, 0) || 1;
  return [...byKernel]
    .map(([kernel, sums]) => ({ kernel, ...sums, share: sums.ms / total }))
    .sort((a, b) => b.ms - a.ms);
}
