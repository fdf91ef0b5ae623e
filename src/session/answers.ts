/**
 * Answering many prompts at once, for comparison, samples and chat: sizes the key/value cache, runs the generator and
 * turns tokens into text. The random stream of a prompt is keyed by its index, or as asked, so both arms of a comparison draw alike.
 */

import type { DeviceBuffer } from "@/graph/target";
import { cacheBytes, createGenerator, type GenerationOptions, type GeneratorShape } from "@/model/generate";
import type { Trainable } from "@/model/trainable";
import type { OpenModel } from "@/session/open-model";

/** What was trained or loaded: an adapter, or weights of their own. */
export interface LoadedAdapter {
  readonly layout: Trainable;
  readonly buffer: DeviceBuffer;
}

/** An adapter is switched off by its scale; weights of their own are left aside for those that were opened. */
export function armOf(trained: LoadedAdapter | undefined, on: boolean): LoadedAdapter | undefined {
  return on || trained?.layout.kind === "lora" ? trained : undefined;
}

export interface AnswerOptions {
  readonly maxTokens: number;
  readonly temperature: number;
  readonly seed: number;
  readonly useAdapter: boolean;
  readonly onDone?: GenerationOptions["onDone"];
  readonly onToken?: GenerationOptions["onToken"];
  readonly onAnswer?: GenerationOptions["onAnswer"];
  readonly isEnough?: GenerationOptions["isEnough"];
  /** Of the prompts' random streams; their places unless given. */
  readonly keys?: readonly number[];
}

const MOST_SEQUENCES = 32;
/** Of the key/value cache, bytes. */
const CACHE_BUDGET = 256e6;

/** As many sequences at once as the prompts need and the cache may cost; nothing for no prompts. */
export function cacheShape(
  { runtime, arch }: OpenModel,
  prompts: readonly (readonly number[])[],
  maxTokens: number,
): GeneratorShape {
  const longest = Math.max(0, ...prompts.map(({ length }) => length));
  const length = Math.min(longest + maxTokens, runtime.positions);
  const affordable = Math.max(1, Math.floor(CACHE_BUDGET / cacheBytes(arch, { sequences: 1, length })));
  return { sequences: Math.min(prompts.length, MOST_SEQUENCES, affordable), length };
}

/** Tokens that end an answer. */
export function stopIdsOf({ arch, tokenizer }: OpenModel): number[] {
  return [...new Set([...arch.eosIds, ...tokenizer.eosIds])];
}

export async function answer(
  model: OpenModel,
  adapter: LoadedAdapter | undefined,
  prompts: readonly (readonly number[])[],
  options: AnswerOptions,
): Promise<number[][]> {
  if (prompts.length === 0) return [];
  const { runtime } = model;
  const arm = armOf(adapter, options.useAdapter);
  const generator = createGenerator(runtime, arm, cacheShape(model, prompts, options.maxTokens));
  const { layout } = arm ?? {};
  try {
    return await generator.run(
      prompts.map((prompt, i) => ({ prompt, key: options.keys?.[i] ?? i })),
      {
        ...options,
        adapterScale: options.useAdapter && layout ? layout.scale : 0,
        stopIds: stopIdsOf(model),
      },
    );
  } finally {
    generator.release();
  }
}
