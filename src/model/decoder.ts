/**
 * The decoder, once for every family: embedding, blocks of (norm, attention, norm, feed-forward) with residuals, and
 * the final norm. What a family does otherwise is in its `Architecture`; a norm or bias that it lacks is left out of
 * the trace. Training, evaluation and generation all trace this; they differ in their rows and in whether keys and
 * values go through a cache. Sliding windows narrow the rows' spans here, so that no caller knows of them.
 *
 * T rows on a flat token axis · C hidden · H heads · KV key/value heads · D head size · F feed-forward
 */
import { checkpoint } from "@/graph/checkpoint";
import { external, type Graph, scope } from "@/graph/graph";
import type { Tensor } from "@/graph/target";
import type { AdapterPairs } from "@/model/adapter";
import type { Architecture, LayerNorm } from "@/model/architecture";
import type { ModelTensors } from "@/model/weights";
import { add } from "@/ops/add";
import { attention } from "@/ops/attention";
import { bias } from "@/ops/bias";
import { writeCache } from "@/ops/cache";
import { embed } from "@/ops/embed";
import { linear } from "@/ops/linear";
import { rmsnorm } from "@/ops/rmsnorm";
import { rope } from "@/ops/rope";
import { swiglu } from "@/ops/swiglu";
import { window } from "@/ops/window";
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
  readonly ropes: Readonly<Record<string, Tensor>>; // each [P, D/2, 2]
  readonly adapter?: AdapterPairs;
  readonly step: Tensor;
  /** Keep every block's activations for the backward instead of making them again: faster, and far larger. */
  readonly keepActivations?: boolean;
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
  const spans = windowedSpans(g, arch, inputs.span);
  let x = y;
  for (let layer = 0; layer < arch.layers; layer++) {
    const span = spans.get(arch.kinds[layer]?.window ?? null) ?? inputs.span;
    const rows = { ...inputs, span };
    const body = (input: Tensor) => block(g, decoder, layer, input, rows, cache);
    x = scope(g, `layers.${layer}`, () => (decoder.keepActivations ? body(x) : checkpoint(g, x, body)));
  }
  return x;
}

/** One span per width of window, made once for all layers that share it. */
function windowedSpans(g: Graph, { kinds }: Architecture, span: Tensor): Map<number | null, Tensor> {
  const widths = [...new Set(kinds.map((kind) => kind.window))];
  return new Map(widths.map((size) => [size, size === null ? span : window(g, { span }, { size }).y]));
}

export function finalNorm(g: Graph, { arch, weights }: Decoder, x: Tensor): Tensor {
  return scope(g, "final", () => rmsnorm(g, { x, w: weights.finalNorm }, { eps: arch.normEps }).y);
}

/** One block on rows that are already embedded: [T, C] → [T, C]. */
export function block(
  g: Graph,
  decoder: Decoder,
  layer: number,
  x: Tensor,
  inputs: RowInputs,
  cache?: CacheInputs,
): Tensor {
  const { arch, weights, step, adapter } = decoder;
  const own = weights.layers[layer];
  if (!own) throw new Error(`internal: no weights for layer ${layer}`);
  const norm = (input: Tensor, which: LayerNorm) => {
    const w = own.norms[which];
    return w ? scope(g, which, () => rmsnorm(g, { x: input, w }, { eps: arch.normEps }).y) : input;
  };
  const project = (input: Tensor, name: Projection) =>
    scope(g, name, () => {
      const y = linear(g, input, own.projections[name], adapter?.get(`layers.${layer}.${name}`), step);
      const b = own.biases[name];
      return b ? bias(g, { x: y, b }, null).y : y;
    });
  const table = decoder.ropes[arch.kinds[layer]?.rope ?? ""];
  const turn = (input: Tensor) =>
    table ? rope(g, { x: input, positions: inputs.positions, table }, { headDim: arch.headDim }).y : input;

  const normed = norm(x, "attention");
  const q = turn(norm(project(normed, "q_proj"), "query")); // [T, H·D]
  const k = turn(norm(project(normed, "k_proj"), "key")); // [T, KV·D]
  const v = project(normed, "v_proj"); // [T, KV·D]
  const [keys, values] = cache ? cached(g, cache, layer, k, v) : [k, v];
  const shape = { heads: arch.heads, kvHeads: arch.kvHeads, headDim: arch.headDim, scale: arch.attentionScale };
  const mixed = attention(g, { q, k: keys, v: values, span: inputs.span }, shape).y;
  const middle = add(g, { a: x, b: norm(project(mixed, "o_proj"), "attentionOut") }, null).y;

  const normed2 = norm(middle, "ffn");
  const { activation } = arch;
  const gated = swiglu(g, { gate: project(normed2, "gate_proj"), up: project(normed2, "up_proj") }, { activation }).y; // [T, F]
  return add(g, { a: middle, b: norm(project(gated, "down_proj"), "ffnOut") }, null).y;
}

function cached(g: Graph, cache: CacheInputs, layer: number, k: Tensor, v: Tensor): [Tensor, Tensor] {
  const keys = cache.keys[layer];
  const values = cache.values[layer];
  if (!keys || !values) throw new Error(`internal: no cache for layer ${layer}`);
  writeCache(g, k, cache.slots, keys);
  writeCache(g, v, cache.slots, values);
  return [keys, values];
}
