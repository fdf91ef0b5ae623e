/**
 * Batched generation with a key/value cache, one program for prompts and answers alike: a row is one token of one
 * sequence, with its place in the cache and the range of the cache that it may see. Prompts are fed in wide passes,
 * answers one row a sequence; as sequences end, waiting ones take their places (continuous batching).
 */
import { AppError } from "@/errors";
import { createGraph, external } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Executable, Program } from "@/graph/target";
import { type AdapterLayout, adapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import { decoderOf, type Runtime } from "@/model/runtime";
import type { ModelTensors } from "@/model/weights";
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
}

/** Rows of a prompt pass. */
const PROMPT_ROWS = 128;
const NONE = 0xffffffff;

interface Sequence {
  readonly request: number;
  readonly slot: number;
  readonly tokens: number[];
  readonly promptLength: number;
  /** Tokens whose keys and values are in the cache. */
  cached: number;
}

export function cacheBytes(arch: Architecture, { sequences, length }: GeneratorShape): number {
  return 2 * arch.layers * sequences * length * arch.kvHeads * arch.headDim * 4;
}

export function traceGeneration(
  arch: Architecture,
  tensors: ModelTensors,
  layout: AdapterLayout | undefined,
  shape: GeneratorShape,
  rows: number,
  samples: number,
): Program {
  const g = createGraph(`generate ${rows}/${samples}`);
  const decoder = decoderOf(arch, tensors, layout && adapterPairs(layout, false));
  const width = arch.kvHeads * arch.headDim;
  const perLayer = (name: string) =>
    Array.from({ length: arch.layers }, (_, layer) =>
      external(`cache.${name}.${layer}`, [shape.sequences * shape.length, width]),
    );
  const cache = { slots: external("cacheSlots", [rows], "u32"), keys: perLayer("k"), values: perLayer("v") };
  const hidden = decode(g, decoder, rowInputs(rows), cache);
  const last = external("lastRows", [samples], "u32");
  const { y } = gather(g, { x: hidden, rows: last, slots: last }, null);
  const logits = multiply(g, finalNorm(g, decoder, y), tensors.head); // [samples, V]
  const outputs = { keys: external("keys", [samples], "u32"), tokens: external("sampled", [samples], "u32") };
  sample(g, { logits, ...outputs, step: decoder.step }, arch.vocab);
  return compileGraph(g);
}

export function createGenerator(
  runtime: Runtime,
  adapter: { layout: AdapterLayout; buffer: DeviceBuffer } | undefined,
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
  const program = (rows: number, samples: number) => {
    const key = `${rows} ${samples}`;
    let compiled = programs.get(key);
    if (!compiled) {
      compiled = target.compile(traceGeneration(arch, tensors, adapter?.layout, shape, rows, samples), buffers);
      programs.set(key, compiled);
    }
    return compiled;
  };

  /** One pass over the given stretches of sequences; returns the next token of each stretch that ends its sequence. */
  const pass = async (stretches: readonly { sequence: Sequence; count: number }[], keys: readonly number[]) => {
    const total = stretches.reduce((sum, { count }) => sum + count, 0);
    const rows = rowsFor(total, target.rowTile);
    const samples = rowsFor(stretches.length, target.rowTile);
    const input = packRows(stretches, shape.length, rows, samples, keys);
    for (const [name, data] of Object.entries(input)) target.write(buffer(name), data);
    await (await program(rows, samples)).run();
    return new Uint32Array(await target.read(buffer("sampled"), 0, stretches.length * 4));
  };

  const run = async (requests: readonly GenerationRequest[], options: GenerationOptions): Promise<number[][]> => {
    const step = {
      ...NO_STEP,
      adapter_scale: options.adapterScale,
      temperature: options.temperature,
      seed: options.seed % 2 ** 24,
    };
    target.write(buffer("step"), packStep(step));
    const answers: number[][] = requests.map(() => []);
    const waiting = requests.map((_, i) => i);
    const freeSlots = Array.from({ length: shape.sequences }, (_, i) => i);
    let active: Sequence[] = [];
    let done = 0;
    while (waiting.length > 0 || active.length > 0) {
      while (waiting.length > 0 && freeSlots.length > 0) {
        active.push(admit(requests, waiting.shift() ?? 0, freeSlots.shift() ?? 0, shape.length, options.maxTokens));
      }
      const stretches = plan(active);
      const sampled = await pass(
        stretches,
        requests.map(({ key }) => key),
      );
      const ended = new Set<Sequence>();
      for (const [i, { sequence, count }] of stretches.entries()) {
        sequence.cached += count;
        if (sequence.cached < sequence.tokens.length) continue;
        const token = sampled[i] ?? 0;
        const answer = answers[sequence.request] ?? [];
        const stop = options.stopIds.includes(token);
        if (stop && options.keepStop) answer.push(token);
        if (!stop) {
          answer.push(token);
          sequence.tokens.push(token);
          if (options.onToken?.(sequence.request, token) === false) return answers;
        }
        if (stop || answer.length >= options.maxTokens || sequence.tokens.length >= shape.length) ended.add(sequence);
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

function admit(
  requests: readonly GenerationRequest[],
  request: number,
  slot: number,
  length: number,
  maxTokens: number,
): Sequence {
  const prompt = requests[request]?.prompt ?? [];
  if (prompt.length === 0 || prompt.length >= length) {
    throw new AppError(
      "usage",
      `A prompt of ${prompt.length} tokens does not fit a window of ${length} with ${maxTokens} new ones.`,
      {
        hint: "Shorten the prompt or ask for fewer tokens.",
      },
    );
  }
  return { request, slot, tokens: [...prompt], promptLength: prompt.length, cached: 0 };
}

/** Which tokens go into the next pass: prompts first, as wide as a pass is; else one token of every sequence. */
function plan(active: readonly Sequence[]): { sequence: Sequence; count: number }[] {
  const stretches: { sequence: Sequence; count: number }[] = [];
  let room = PROMPT_ROWS;
  for (const sequence of active) {
    const pending = sequence.tokens.length - sequence.cached;
    if (sequence.cached >= sequence.promptLength || room === 0) continue;
    const count = Math.min(pending, room);
    stretches.push({ sequence, count });
    room -= count;
  }
  return stretches.length > 0 ? stretches : active.map((sequence) => ({ sequence, count: 1 }));
}

function packRows(
  stretches: readonly { sequence: Sequence; count: number }[],
  length: number,
  rows: number,
  samples: number,
  keyOf: readonly number[],
): Record<string, Uint32Array<ArrayBuffer>> {
  const tokens = new Uint32Array(rows);
  const positions = new Uint32Array(rows);
  const cacheSlots = new Uint32Array(rows).fill(NONE);
  const span = new Uint32Array(rows * 2);
  const lastRows = new Uint32Array(samples).fill(NONE);
  const keys = new Uint32Array(samples);
  let row = 0;
  stretches.forEach(({ sequence, count }, i) => {
    for (let position = sequence.cached; position < sequence.cached + count; position++, row++) {
      const at = sequence.slot * length + position;
      tokens[row] = sequence.tokens[position] ?? 0;
      positions[row] = position;
      cacheSlots[row] = at;
      span[row * 2] = sequence.slot * length;
      span[row * 2 + 1] = at + 1;
    }
    lastRows[i] = row - 1;
    // The stream moves with the position, so that a sequence draws anew for each token.
    keys[i] = (Math.imul(keyOf[sequence.request] ?? 0, 0x9e3779b1) + sequence.cached + count) >>> 0;
  });
  // Padding rows see one cache row, so that their softmax has something to divide by.
  for (; row < rows; row++) span[row * 2 + 1] = 1;
  return { tokens, positions, cacheSlots, span, lastRows, keys };
}

const roundTo = (count: number, tile: number) => Math.ceil(count / tile) * tile;

/** Few sizes, so that few programs are compiled: powers of two from the target's row tile. */
function rowsFor(count: number, tile: number): number {
  let rows = tile;
  while (rows < count) rows *= 2;
  return rows;
}
