/**
 * Running packed batches through the traced programs: input buffers for the largest bucket of the run, programs compiled
 * on first use of their bucket, and a queue of results, so that nothing waits for a read-back.
 */
import type { Bucket, PackedBatch } from "@/data/pack";
import type { DeviceBuffer, Executable } from "@/graph/target";
import type { AdapterLayout } from "@/model/adapter";
import type { Runtime } from "@/model/runtime";
import type { Objective } from "@/train/objective";
import { traceOptimizer, tracePass } from "@/train/programs";

export interface Passes {
  /** Enqueues forward and backward; resolves to the labelled tokens' nll, in the order of the batch's labels. */
  train(batch: PackedBatch): Promise<{ nll: Promise<Float32Array> }>;
  /** Forward only. */
  loss(batch: PackedBatch): Promise<{ nll: Promise<Float32Array> }>;
  /** Clip, update, clear; the gradient's norm before clipping. Only when made with `trained`. */
  update(): Promise<{ norm: Promise<number> }>;
  /** The adapter's gradient as summed so far, flat. */
  gradient(): Promise<Float32Array>;
  release(): void;
}

const INPUTS = ["tokens", "positions", "span", "labelRows", "labelSlots", "targets", "rowWeights"] as const;

/** Bytes of every input buffer of a bucket. */
export function inputBytes({ tokens, labels }: Bucket): Record<(typeof INPUTS)[number] | "nll", number> {
  return {
    tokens: tokens * 4,
    positions: tokens * 4,
    span: tokens * 8,
    labelRows: labels * 4,
    labelSlots: tokens * 4,
    targets: labels * 4,
    rowWeights: labels * 4,
    nll: labels * 4,
  };
}

export interface PassesOptions {
  readonly runtime: Runtime;
  readonly layout: AdapterLayout;
  readonly adapter: DeviceBuffer;
  readonly objective: Objective;
  /** The largest batch that will come. */
  readonly largest: Bucket;
  readonly trained: boolean;
}

export function createPasses({ runtime, layout, adapter, objective, largest, trained }: PassesOptions): Passes {
  const { target } = runtime;
  const own = new Map<string, DeviceBuffer>();
  const allocate = (name: string, bytes: number) => own.set(name, target.allocate(bytes, name));
  const release = () => {
    for (const buffer of own.values()) target.free(buffer);
    for (const executable of compiled.values()) executable.then(target.discard, () => {});
  };
  const compiled = new Map<string, Promise<Executable>>();
  const traced = { arch: runtime.arch, tensors: runtime.tensors, layout, objective };
  try {
    target.reserve(tracePass(traced, largest, trained));
    for (const [name, bytes] of Object.entries(inputBytes(largest))) allocate(name, bytes);
    if (trained) {
      for (const name of ["adapter.grad", "adapter.m", "adapter.v"]) allocate(name, layout.length * 4);
      allocate("norm", 4);
    }
  } catch (error) {
    release();
    throw error;
  }
  const buffers = new Map([...runtime.buffers, ["adapter", adapter], ...own]);
  const buffer = (name: string): DeviceBuffer => {
    const found = buffers.get(name);
    if (!found) throw new Error(`internal: no buffer ${name}`);
    return found;
  };
  const program = (key: string, trace: () => ReturnType<typeof tracePass>): Promise<Executable> => {
    let executable = compiled.get(key);
    if (!executable) {
      executable = target.compile(trace(), buffers);
      compiled.set(key, executable);
    }
    return executable;
  };
  const pass = async (batch: PackedBatch, teach: boolean) => {
    const bucket = { tokens: batch.tokens.length, labels: batch.targets.length };
    const executable = await program(`${teach} ${bucket.tokens} ${bucket.labels}`, () =>
      tracePass(traced, bucket, teach),
    );
    for (const name of INPUTS) target.write(buffer(name), batch[name]);
    await executable.run();
    const bytes = batch.counts.labels * 4;
    const nll =
      bytes === 0
        ? Promise.resolve(new Float32Array())
        : target.read(buffer("nll"), 0, bytes).then((b) => new Float32Array(b));
    return { nll };
  };

  return {
    train: (batch) => pass(batch, true),
    loss: (batch) => pass(batch, false),
    update: async () => {
      const optimizer = await program("optimizer", () => traceOptimizer(layout));
      await optimizer.run();
      target.clear(buffer("adapter.grad"));
      const norm = target.read(buffer("norm"), 0, 4).then((bytes) => new Float32Array(bytes)[0] ?? Number.NaN);
      return { norm };
    },
    gradient: async () => new Float32Array(await target.read(buffer("adapter.grad"))),
    release,
  };
}
