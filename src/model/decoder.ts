/**
 * The decoder, once for every family: embedding, blocks of (norm, attention, norm, feed-forward) with residuals, and
 * the final norm. Training, evaluation and generation all trace this; they differ in their rows and in whether keys
 * and values go through a cache.
 *
 * T rows on a flat token axis · C hidden · H heads · KV key/value heads · D head size · F feed-forward
 */
import { checkpoint } from "@/graph/checkpoint";
import { external, type Graph, scope } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import type { AdapterPairs } from "@/model/adapter";
import type { Architecture } from "@/model/architecture";
import type { ModelTensors } from "@/model/weights";
import { add } from "@/ops/add";
import { attention } from "@/ops/attention";
import { writeCache } from "@/ops/cache";
import { embed } from "@/ops/embed";
import { linear } from "@/ops/linear";
import { rmsnorm } from "@/ops/rmsnorm";
import { rope } from "@/ops/rope";
import { swiglu } from "@/ops/swiglu";
import type { Projection } from "@/train/recipe";

/** What every row is. */
export interface RowInputs {
  readonly tokens: Tensor; // [T] u32
  readonly positions: Tensor; // [T] u32
  readonly span: Tensor; // [T, 2] u32, keys that the row attends to: first ≤ j < last
}

/** Keys and values of earlier passes; `slots` says where each row's own go. */
export interface CacheInputs {
  readonly slots: Tensor; // [T] u32
  readonly keys: readonly Tensor[]; // per layer [S, KV·D]
  readonly values: readonly Tensor[];
}

export interface Decoder {
  readonly arch: Architecture;
  readonly weights: ModelTensors;
  readonly ropeTable: Tensor; // [P, D/2, 2]
  readonly adapter?: AdapterPairs;
  readonly step: Tensor;
}

export function rowInputs(count: number): RowInputs {
  return {
    tokens: external("tokens", [count], "u32"),
    positions: external("positions", [count], "u32"),
    span: external("span", [count, 2], "u32"),
  };
}

/** Hidden states before the final norm: [T, C]. */
export function decode(g: Graph, decoder: Decoder, inputs: RowInputs, cache?: CacheInputs): Tensor {
  const { arch, weights } = decoder;
  const { y } = embed(g, { tokens: inputs.tokens, w: weights.embedding }, { scale: arch.embeddingScale });
  let x = y;
  for (let layer = 0; layer < arch.layers; layer++) {
    x = scope(g, `layers.${layer}`, () => checkpoint(g, x, (input) => block(g, decoder, layer, input, inputs, cache)));
  }
  return x;
}

export function finalNorm(g: Graph, { arch, weights }: Decoder, x: Tensor): Tensor {
  return scope(g, "final", () => rmsnorm(g, { x, w: weights.finalNorm }, { eps: arch.normEps }).y);
}

function block(g: Graph, decoder: Decoder, layer: number, x: Tensor, inputs: RowInputs, cache?: CacheInputs): Tensor {
  const { arch, weights, step, adapter } = decoder;
  const own = weights.layers[layer];
  if (!own) throw new Error(`internal: no weights for layer ${layer}`);
  const project = (input: Tensor, name: Projection) =>
    scope(g, name, () => linear(g, input, own.projections[name], adapter?.get(`layers.${layer}.${name}`), step));
  const turn = (input: Tensor) =>
    rope(g, { x: input, positions: inputs.positions, table: decoder.ropeTable }, { headDim: arch.headDim }).y;

  const normed = rmsnorm(g, { x, w: own.attentionNorm }, { eps: arch.normEps }).y;
  const q = turn(project(normed, "q_proj")); // [T, H·D]
  const k = turn(project(normed, "k_proj")); // [T, KV·D]
  const v = project(normed, "v_proj"); // [T, KV·D]
  const [keys, values] = cache ? cached(g, cache, layer, k, v) : [k, v];
  const shape = { heads: arch.heads, kvHeads: arch.kvHeads, headDim: arch.headDim, scale: arch.attentionScale };
  const mixed = attention(g, { q, k: keys, v: values, span: inputs.span }, shape).y;
  const middle = add(g, { a: x, b: project(mixed, "o_proj") }, null).y;

  const normed2 = rmsnorm(g, { x: middle, w: own.ffnNorm }, { eps: arch.normEps }).y;
  const gated = swiglu(g, { gate: project(normed2, "gate_proj"), up: project(normed2, "up_proj") }, null).y; // [T, F]
  return add(g, { a: middle, b: project(gated, "down_proj") }, null).y;
}

function cached(g: Graph, cache: CacheInputs, layer: number, k: Tensor, v: Tensor): [Tensor, Tensor] {
  const keys = cache.keys[layer];
  const values = cache.values[layer];
  if (!keys || !values) throw new Error(`internal: no cache for layer ${layer}`);
  writeCache(g, k, cache.slots, keys);
  writeCache(g, v, cache.slots, values);
  return [keys, values];
}
