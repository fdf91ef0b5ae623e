/**
 * Running packed batches through the traced programs: input buffers for the largest bucket of the run, programs compiled
 * on first use of their bucket, and a queue of results, so that nothing waits for a read-back.
 */
import type { Bucket, PackedBatch } from "@/data/pack";
import type { DeviceBuffer, Executable, Program } from "@/graph/target";
import { normBuffers } from "@/model/magnitudes";
import type { Runtime } from "@/model/runtime";
import type { Trainable } from "@/model/trainable";
import type { Head, Judgement } from "@/train/objective";
import { type OptimizerState, PLAIN, stateWords, type Updating } from "@/train/optimizers";
import { optimizerProgram, passProgram } from "@/train/programs";
import { FIRST_STEP, type Timeline, timed } from "@/util/timeline";

/** What the host makes of the losses: row weights for the backward, and what it wants to keep. */
export interface Weighed {
  readonly judgement: Judgement;
  readonly weights: Float32Array<ArrayBuffer>;
}

export interface Passes {
  /** Enqueues forward and backward; resolves to the labelled tokens' nll, in the order of the batch's labels. */
  train(batch: PackedBatch): Promise<{ nll: Promise<Float32Array> }>;
  /** The same with row weights that depend on the nll: it waits for them between forward and backward. */
  trainStaged(batch: PackedBatch, weigh: (nll: Float32Array) => Weighed): Promise<Judgement>;
  /** Forward only. */
  loss(batch: PackedBatch): Promise<{ nll: Promise<Float32Array> }>;
  /** Clip, update, clear; the gradient's norm before clipping. Only when made with `trained`. */
  update(): Promise<{ norm: Promise<number> }>;
  /** The gradient as summed so far, flat. */
  gradient(): Promise<Float32Array>;
  /** What the optimizer keeps. */
  state(): Promise<OptimizerState>;
  setState(state: OptimizerState): void;
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
  /** What is trained, and its content; without both, the model as it was opened, which nothing can train. */
  readonly layout?: Trainable | undefined;
  readonly adapter?: DeviceBuffer | undefined;
  readonly head: Head;
  /** The largest batch that will come. */
  readonly largest: Bucket;
  readonly trained: boolean;
  /** AdamW at one rate if not said. */
  readonly updating?: Updating;
  readonly timeline?: Timeline | undefined;
}

export function createPasses({
  runtime,
  layout,
  adapter,
  head,
  largest,
  trained,
  updating = PLAIN,
  timeline,
}: PassesOptions): Passes {
  const { target } = runtime;
  const kept: ReadonlyMap<string, number> = layout ? stateWords(updating, layout) : new Map();
  const own = new Map<string, DeviceBuffer>();
  const allocate = (name: string, bytes: number) => own.set(name, target.allocate(bytes, name));
  const release = () => {
    for (const buffer of own.values()) target.free(buffer);
    for (const executable of compiled.values()) executable.then(target.discard, () => {});
  };
  const compiled = new Map<string, Promise<Executable>>();
  const traced = { arch: runtime.arch, tensors: runtime.tensors, layout, head, activations: target.activations };
  const reserved = timed(timeline, "tracing", () => passProgram(traced, largest, trained));
  try {
    target.reserve(reserved);
    for (const [name, bytes] of Object.entries(inputBytes(largest))) allocate(name, bytes);
    if (layout) for (const [name, bytes] of normBuffers(layout)) allocate(name, bytes);
    if (trained && layout) {
      for (const [name, words] of [["grad", layout.length] as const, ...kept]) allocate(`adapter.${name}`, words * 4);
      allocate("norm", 4);
    }
  } catch (error) {
    release();
    throw error;
  }
  const buffers = new Map([...runtime.buffers, ...own]);
  if (adapter) buffers.set("adapter", adapter);
  const buffer = (name: string): DeviceBuffer => {
    const found = buffers.get(name);
    if (!found) throw new Error(`internal: no buffer ${name}`);
    return found;
  };
  const program = (key: string, trace: () => Program): Promise<Executable> => {
    let executable = compiled.get(key);
    if (!executable) {
      const traced = timed(timeline, "tracing", trace);
      executable = timed(timeline, `pipelines: ${traced.name}`, () => target.compile(traced, buffers));
      compiled.set(key, executable);
    }
    return executable;
  };
  const optimizer = () =>
    program("optimizer", () => {
      if (!layout) throw new Error("internal: there is nothing to train");
      return optimizerProgram(runtime.arch, layout, updating);
    });
  let endFirst: (() => void) | undefined;
  const load = async (batch: PackedBatch, teach: boolean) => {
    const bucket = { tokens: batch.tokens.length, labels: batch.targets.length };
    const key = `${teach} ${bucket.tokens} ${bucket.labels}`;
    const pending = program(key, () => passProgram(traced, bucket, teach));
    // Compiles beside the step, which needs it next; whoever waits for it hears of a failure.
    if (teach) optimizer().catch(() => {});
    const executable = await pending;
    if (teach) endFirst ??= timeline?.begin(FIRST_STEP);
    for (const name of INPUTS) target.write(buffer(name), batch[name]);
    return executable;
  };
  const readNll = async ({ counts }: PackedBatch) =>
    counts.labels === 0 ? new Float32Array() : new Float32Array(await target.read(buffer("nll"), 0, counts.labels * 4));
  const pass = async (batch: PackedBatch, teach: boolean) => {
    const executable = await load(batch, teach);
    await executable.run();
    return { nll: readNll(batch) };
  };

  return {
    train: (batch) => pass(batch, true),
    trainStaged: async (batch, weigh) => {
      const executable = await load(batch, true);
      await executable.run("before");
      const { judgement, weights } = weigh(await readNll(batch));
      target.write(buffer("rowWeights"), weights);
      await executable.run("after");
      return judgement;
    },
    loss: (batch) => pass(batch, false),
    update: async () => {
      await (await optimizer()).run();
      target.clear(buffer("adapter.grad"));
      const norm = target.read(buffer("norm"), 0, 4).then((bytes) => {
        endFirst?.();
        endFirst = () => {};
        return new Float32Array(bytes)[0] ?? Number.NaN;
      });
      return { norm };
    },
    gradient: async () => new Float32Array(await target.read(buffer("adapter.grad"))),
    state: async () => {
      const read = async (name: string) =>
        [name, new Float32Array(await target.read(buffer(`adapter.${name}`)))] as const;
      return Object.fromEntries(await Promise.all([...kept.keys()].map(read)));
    },
    setState: (given) => {
      for (const name of kept.keys()) {
        const values = given[name];
        if (!values) throw new Error(`internal: the state has no ${name}`);
        target.write(buffer(`adapter.${name}`), values);
      }
    },
    release,
  };
}
