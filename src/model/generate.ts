/**
 * Batched generation with a key/value cache, one program for prompts and answers alike: a row is one token of one
 * sequence, with its place in the cache and the range of the cache that it may see. Prompts are fed in wide passes,
 * answers one row a sequence; as sequences end, waiting ones take their places (continuous batching).
 */
import { createGraph, external } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Executable, Program, Target } from "@/graph/target";
import type { Architecture } from "@/model/architecture";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import {
  admit,
  type Copy,
  goesOn,
  PROMPT_ROWS,
  packCopies,
  packRows,
  plan,
  roundTo,
  rowsFor,
  type Sequence,
  type Stretch,
  sharePrompts,
  takeCopies,
} from "@/model/generation-rows";
import { normBuffers, normProgram } from "@/model/magnitudes";
import type { Runtime } from "@/model/runtime";
import { decoderWith, type Trainable } from "@/model/trainable";
import type { ModelTensors } from "@/model/weights";
import { writeCache } from "@/ops/cache";
import { gather } from "@/ops/gather";
import { multiply } from "@/ops/linear";
import { sample } from "@/ops/sample";

export interface GenerationRequest {
  readonly prompt: readonly number[];
  /** Key of the row's random stream; the same key gives the same text in any batch. */
  readonly key: number;
}

export interface GenerationOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  /** 0 answers with the base model, alpha / rank with the adapter. */
  readonly adapterScale: number;
  readonly stopIds: readonly number[];
  /** Answers end with their stop token, which tells an answer that ended from one that was cut. */
  readonly keepStop?: boolean;
  /** Called for every new token; returning false ends all generation. */
  readonly onToken?: (request: number, token: number) => boolean;
  readonly onDone?: (done: number) => void;
  /** Called with each whole answer as it ends. */
  readonly onAnswer?: (request: number, answer: readonly number[]) => void;
  /** Asked after every token; true ends this answer alone. */
  readonly isEnough?: (request: number, answer: readonly number[]) => boolean;
}

export interface Generator {
  /** Answers without the prompt and, unless kept, without the stop token, in the order of the requests. */
  run(requests: readonly GenerationRequest[], options: GenerationOptions): Promise<number[][]>;
  release(): void;
}

export interface GeneratorShape {
  /** Sequences at once. */
  readonly sequences: number;
  /** Cache rows per sequence: longest prompt plus answer. */
  readonly length: number;
  /** Passes enqueued before the first one's tokens are read; by default what suits the target. */
  readonly ahead?: number;
}

/**
 * A pass after a stop token is wasted, a wait for each token stalls the device. A CPU has no wait to hide; a software GPU
 * a short one.
 */
const aheadOf = ({ name, software }: Target) => (name === "cpu" ? 0 : software ? 1 : 3);

/** A pass on its way: what it fed, and the token that it drew behind each stretch that ends its sequence. */
interface Pass {
  readonly stretches: readonly (Stretch & { readonly ends: boolean })[];
  readonly sampled: Promise<Uint32Array>;
}

export function cacheBytes(arch: Architecture, { sequences, length }: GeneratorShape): number {
  return 2 * arch.layers * sequences * length * arch.kvHeads * arch.headDim * 4;
}

export function traceGeneration(
  arch: Architecture,
  tensors: ModelTensors,
  layout: Trainable | undefined,
  shape: GeneratorShape,
  rows: number,
  samples: number,
): Program {
  const g = createGraph(`generate ${rows}/${samples}`);
  const decoder = decoderWith(arch, tensors, layout, false);
  const { keys, values } = cacheTensors(arch, shape);
  const cache = { slots: external("cacheSlots", [rows], "u32"), keys, values };
  // A row to a sequence: its token is what the pass before drew, so that it need not travel to the host and back.
  const inputs = rowInputs(rows);
  const tokens = rows === samples ? external("sampled", [rows], "u32") : inputs.tokens;
  const hidden = decode(g, decoder, { ...inputs, tokens }, cache);
  const last = external("lastRows", [samples], "u32");
  const { y } = gather(g, { x: hidden, rows: last, slots: last }, null);
  const logits = multiply(g, finalNorm(g, decoder, y), decoder.weights.head); // [samples, V]
  const outputs = { keys: external("keys", [samples], "u32"), tokens: external("sampled", [samples], "u32") };
  sample(g, { logits, ...outputs, step: decoder.step }, arch.vocab);
  return compileGraph(g);
}

function cacheTensors(arch: Architecture, { sequences, length }: GeneratorShape) {
  const perLayer = (name: string) =>
    Array.from({ length: arch.layers }, (_, layer) =>
      external(`cache.${name}.${layer}`, [sequences * length, arch.kvHeads * arch.headDim]),
    );
  return { keys: perLayer("k"), values: perLayer("v") };
}

/** cache[cacheSlots[i]] = cache[lastRows[i]] in all layers; a slot of none is skipped. */
function traceCopies(arch: Architecture, shape: GeneratorShape, rows: number): Program {
  const g = createGraph(`copy ${rows}`);
  const from = external("lastRows", [rows], "u32");
  const slots = external("cacheSlots", [rows], "u32");
  const { keys, values } = cacheTensors(arch, shape);
  for (const cache of [...keys, ...values]) {
    writeCache(g, gather(g, { x: cache, rows: from, slots: from }, null).y, slots, cache);
  }
  return compileGraph(g);
}

export function createGenerator(
  runtime: Runtime,
  adapter: { layout: Trainable; buffer: DeviceBuffer } | undefined,
  shape: GeneratorShape,
): Generator {
  const { target, arch, tensors } = runtime;
  const own = new Map<string, DeviceBuffer>();
  const allocate = (name: string, bytes: number) => own.set(name, target.allocate(bytes, name));
  const programs = new Map<string, Promise<Executable>>();
  const release = () => {
    for (const buffer of own.values()) target.free(buffer);
    for (const program of programs.values()) program.then(target.discard, () => {});
  };
  const most = Math.max(PROMPT_ROWS, roundTo(shape.sequences, target.rowTile));
  try {
    const cache = (shape.sequences * shape.length * arch.kvHeads * arch.headDim * 4) | 0;
    for (let layer = 0; layer < arch.layers; layer++) {
      allocate(`cache.k.${layer}`, cache);
      allocate(`cache.v.${layer}`, cache);
    }
    for (const name of ["tokens", "positions", "cacheSlots", "lastRows", "keys", "sampled"]) allocate(name, most * 4);
    allocate("span", most * 8);
    for (const [name, bytes] of normBuffers(adapter?.layout)) allocate(name, bytes);
  } catch (error) {
    release();
    throw error;
  }
  const buffers = new Map([...runtime.buffers, ...own]);
  if (adapter) buffers.set("adapter", adapter.buffer);
  const buffer = (name: string): DeviceBuffer => {
    const found = buffers.get(name);
    if (!found) throw new Error(`internal: no buffer ${name}`);
    return found;
  };
  const compiledOnce = (key: string, trace: () => Program) => {
    let compiled = programs.get(key);
    if (!compiled) {
      compiled = target.compile(trace(), buffers);
      programs.set(key, compiled);
    }
    return compiled;
  };
  const program = (rows: number, samples: number) =>
    compiledOnce(`${rows} ${samples}`, () => traceGeneration(arch, tensors, adapter?.layout, shape, rows, samples));
  const copy = async (copies: readonly Copy[]): Promise<void> => {
    for (let at = 0; at < copies.length; at += most) {
      const some = copies.slice(at, at + most);
      const rows = rowsFor(some.length, target.rowTile);
      const { from, to } = packCopies(some, rows);
      target.write(buffer("lastRows"), from);
      target.write(buffer("cacheSlots"), to);
      await (await compiledOnce(`copy ${rows}`, () => traceCopies(arch, shape, rows))).run();
    }
  };

  /** Enqueues one pass; with `fed`, every row's token is what the pass before drew in its place. */
  const enqueue = async (stretches: readonly Stretch[], keyOf: readonly number[], fed: boolean): Promise<Pass> => {
    const total = stretches.reduce((sum, { count }) => sum + count, 0);
    const rows = rowsFor(total, target.rowTile);
    const samples = rowsFor(stretches.length, target.rowTile);
    const { tokens, ...input } = packRows(stretches, shape.length, rows, samples, keyOf);
    for (const [name, data] of Object.entries(input)) target.write(buffer(name), data);
    if (!fed) target.write(buffer(rows === samples ? "sampled" : "tokens"), tokens);
    await (await program(rows, samples)).run();
    const sampled = target.read(buffer("sampled"), 0, stretches.length * 4).then((bytes) => new Uint32Array(bytes));
    // Whoever stops early never asks; that is no fault.
    sampled.catch(() => {});
    const sent = stretches.map(({ sequence, count }) => {
      sequence.cached += count;
      return { sequence, count, ends: fed || sequence.cached === sequence.tokens.length };
    });
    return { stretches: sent, sampled };
  };

  const run = async (requests: readonly GenerationRequest[], options: GenerationOptions): Promise<number[][]> => {
    const step = {
      ...NO_STEP,
      adapter_scale: options.adapterScale,
      temperature: options.temperature,
      seed: options.seed % 2 ** 24,
    };
    target.write(buffer("step"), packStep(step));
    // What does not change from token to token is made once.
    if (own.has("adapter.norms"))
      await (await compiledOnce("norms", () => normProgram(arch, tensors, adapter?.layout))).run();
    const answers: number[][] = requests.map(() => []);
    const waiting = requests.map((_, i) => i);
    const freeSlots = Array.from({ length: shape.sequences }, (_, i) => i);
    const keyOf = requests.map(({ key }) => key);
    const ahead = shape.ahead ?? aheadOf(target);
    const limits = { length: shape.length, maxTokens: options.maxTokens };
    let active: Sequence[] = [];
    let done = 0;
    while (waiting.length > 0 || active.length > 0) {
      const fresh: Sequence[] = [];
      while (waiting.length > 0 && freeSlots.length > 0) {
        fresh.push(admit(requests, waiting.shift() ?? 0, freeSlots.shift() ?? 0, shape.length, options.maxTokens));
      }
      sharePrompts(fresh, active);
      active.push(...fresh);
      await copy(takeCopies(active, shape.length));
      const ended = new Set<Sequence>();
      const flying = [await enqueue(plan(active), keyOf, false)];
      for (let last = flying[0]; flying.length > 0; ) {
        while (last && ended.size === 0 && flying.length <= ahead && goesOn(last.stretches, active, limits)) {
          last = await enqueue(
            last.stretches.map(({ sequence }) => ({ sequence, count: 1 })),
            keyOf,
            true,
          );
          flying.push(last);
        }
        const pass = flying.shift();
        const sampled = await pass?.sampled;
        for (const [i, { sequence, ends }] of pass?.stretches.entries() ?? []) {
          if (!ends || ended.has(sequence)) continue;
          const token = sampled?.[i] ?? 0;
          const answer = answers[sequence.request] ?? [];
          const stop = options.stopIds.includes(token);
          if (stop && options.keepStop) answer.push(token);
          if (!stop) {
            answer.push(token);
            sequence.tokens.push(token);
            if (options.onToken?.(sequence.request, token) === false) return answers;
          }
          const full = answer.length >= options.maxTokens || sequence.tokens.length >= shape.length;
          if (!stop && !full && !options.isEnough?.(sequence.request, answer)) continue;
          ended.add(sequence);
          options.onAnswer?.(sequence.request, answer);
        }
      }
      active = active.filter((sequence) => !ended.has(sequence));
      for (const { slot } of ended) freeSlots.push(slot);
      done += ended.size;
      if (ended.size > 0) options.onDone?.(done);
    }
    return answers;
  };
  return { run, release };
}
