/**
 * The decoder as an ONNX graph with the names that transformers.js feeds: input_ids, attention_mask, position_ids and
 * past_key_values.i.{key,value} in; logits and present.i.{key,value} out. It reads the same `Architecture` as our own
 * decoder does, so that every family comes out. Plain operators of ONNX only, but for weights of 8 bits.
 *
 * Activations are f32 whatever the weights are. Within a block rows lie flat, [B·S, C], so that each matrix stays as
 * files hold it, [out, in]: Gemm transposes as it reads.
 *
 * B sequences · S new tokens · P earlier ones · T = P + S · H heads · K key/value heads · G = H / K · D head size
 */
import { createOnnxGraph, type OnnxGraph, plainTensor } from "@/export/onnx/graph";
import { BLOCK, blockCodes, blockScales, floatTensor, type MergedWeights } from "@/export/onnx/weights";
import type { Architecture, LayerNorm } from "@/model/architecture";
import type { Projection } from "@/train/recipe";

export type OnnxWeights = "f32" | "f16" | "q8";

interface Build {
  readonly g: OnnxGraph;
  readonly arch: Architecture;
  readonly weights: MergedWeights;
  readonly kind: OnnxWeights;
}
/** What all layers share. */
interface Shared {
  readonly batch: string; // [1] i64
  readonly length: string; // [1] i64, S
  readonly turns: ReadonlyMap<string, { cos: string; sin: string }>; // [B, S, 1, D/2]
  readonly masks: ReadonlyMap<number | null, string>; // [B, 1, 1, S, T], 0 or very negative
  /** Keys and values to give out, which runtimes expect behind the logits: [B, K, T, D]. */
  readonly presents: { name: string; value: string }[];
}

/** Below every score, far above f32's lowest, so that adding to it stays finite. */
const HIDDEN = -1e30;

export function onnxDecoder(arch: Architecture, weights: MergedWeights, kind: OnnxWeights): OnnxGraph {
  const g = createOnnxGraph(arch.family);
  const build = { g, arch, weights, kind };
  const ids = g.input("input_ids", "i64", ["batch_size", "sequence_length"]);
  const mask = g.input("attention_mask", "i64", ["batch_size", "total_sequence_length"]);
  const positions = g.input("position_ids", "i64", ["batch_size", "sequence_length"]);
  const shared = sharedValues(build, ids, mask, positions);
  let x = g.within("embed", () => flat(g, embedded(build, ids), arch.hidden)); // [B·S, C]
  for (let layer = 0; layer < arch.layers; layer++) {
    x = g.within(`layers.${layer}`, () => block(build, shared, layer, x));
  }
  const normed = g.within("final", () => rmsNorm(build, x, arch.names.finalNorm, arch.hidden));
  const rows = g.within("head", () => multiply(build, normed, arch.tied ? arch.names.embedding : arch.names.head));
  const logits = g.node("Reshape", [rows, shape(g, [shared.batch, shared.length, arch.vocab])]);
  g.output(logits, "logits", "f32", ["batch_size", "sequence_length", arch.vocab]);
  const dims = ["batch_size", arch.kvHeads, "total_sequence_length", arch.headDim];
  for (const { name, value } of shared.presents) g.output(value, name, "f32", dims);
  return g;
}

function sharedValues({ g, arch }: Build, ids: string, mask: string, positions: string): Shared {
  const sizes = g.node("Shape", [ids]); // [2]
  const sizeAt = (of: string, axis: number) => g.node("Gather", [of, g.integers(axis)]);
  const [batch, length] = [sizeAt(sizes, 0), sizeAt(sizes, 1)];
  const total = sizeAt(g.node("Shape", [mask]), 1);
  return {
    batch,
    length,
    turns: g.within("rope", () => turns(g, arch, positions)),
    masks: g.within("mask", () => masks(g, arch, mask, length, total)),
    presents: [],
  };
}

/** cos and sin of position · frequency, for each of the model's ropes. */
function turns(g: OnnxGraph, arch: Architecture, positions: string): Shared["turns"] {
  const real = g.node("Unsqueeze", [g.node("Cast", [positions], { to: 1 }), g.integers(2, 3)]); // [B, S, 1, 1]
  return new Map(
    Object.entries(arch.ropes).map(([name, frequencies]) => {
      const table = new Uint8Array(Float32Array.from(frequencies).buffer);
      const content = plainTensor("f32", [frequencies.length], table);
      const angles = g.node("Mul", [real, g.tensor(`rope.${name}`, content)]);
      return [name, { cos: g.node("Cos", [angles]), sin: g.node("Sin", [angles]) }];
    }),
  );
}

/** A query sees what the mask shows, nothing later than itself, and in a window nothing older than that. */
function masks(g: OnnxGraph, arch: Architecture, mask: string, length: string, total: string): Shared["masks"] {
  const scalar = (one: string) => g.node("Squeeze", [one, g.integers(0)]);
  const keys = g.node("Range", [g.integer(0), scalar(total), g.integer(1)]); // [T]
  const first = scalar(g.node("Sub", [total, length]));
  const queries = g.node("Unsqueeze", [g.node("Range", [first, scalar(total), g.integer(1)]), g.integers(1)]); // [S, 1]
  const shown = g.node("Unsqueeze", [g.node("Cast", [mask], { to: 9 }), g.integers(1, 2, 3)]); // [B, 1, 1, 1, T]
  const causal = g.node("LessOrEqual", [keys, queries]); // [S, T]
  const widths = [...new Set(arch.kinds.map(({ window }) => window))];
  return new Map(
    widths.map((width) => {
      const near = () => g.node("Greater", [keys, g.node("Sub", [queries, g.integer(width ?? 0)])]);
      const allowed = width === null ? causal : g.node("And", [causal, near()]);
      return [width, g.node("Where", [g.node("And", [shown, allowed]), g.real(0), g.real(HIDDEN)])];
    }),
  );
}

function block(build: Build, shared: Shared, layer: number, x: string): string {
  const { g, arch } = build;
  const norm = (value: string, which: LayerNorm) => {
    const width = arch.norms[which];
    return width ? rmsNorm(build, value, arch.names.norm(layer, which), width) : value;
  };
  const project = (value: string, name: Projection) => {
    const bias = arch.biases.includes(name) ? arch.names.bias(layer, name) : undefined;
    return g.within(name, () => multiply(build, value, arch.names.projection(layer, name), bias));
  };
  const mixed = attention(build, shared, layer, norm(x, "attention"), project, norm);
  const middle = g.node("Add", [x, norm(project(mixed, "o_proj"), "attentionOut")]);
  const normed = norm(middle, "ffn");
  const gate = activated(g, project(normed, "gate_proj"), arch.activation);
  const gated = g.node("Mul", [gate, project(normed, "up_proj")]);
  return g.node("Add", [middle, norm(project(gated, "down_proj"), "ffnOut")]);
}

function attention(
  build: Build,
  shared: Shared,
  layer: number,
  x: string,
  project: (value: string, name: Projection) => string,
  norm: (value: string, which: LayerNorm) => string,
): string {
  const { g, arch } = build;
  const { heads, kvHeads, headDim } = arch;
  const kind = arch.kinds[layer];
  const turn = shared.turns.get(kind?.rope ?? "");
  const turned = (value: string) => (turn ? rotated(g, value, turn, headDim) : value);
  const byHead = (value: string, count: number) =>
    g.node("Reshape", [value, shape(g, [shared.batch, shared.length, count, headDim])]);
  const headsFirst = (value: string) => g.node("Transpose", [value], { perm: [0, 2, 1, 3] });
  const q = turned(byHead(norm(project(x, "q_proj"), "query"), heads)); // [B, S, H, D]
  const k = headsFirst(turned(byHead(norm(project(x, "k_proj"), "key"), kvHeads))); // [B, K, S, D]
  const v = headsFirst(byHead(project(x, "v_proj"), kvHeads));
  const past = (which: string) =>
    g.input(`past_key_values.${layer}.${which}`, "f32", ["batch_size", kvHeads, "past_sequence_length", headDim]);
  const keys = g.node("Concat", [past("key"), k], { axis: 2 }); // [B, K, T, D]
  const values = g.node("Concat", [past("value"), v], { axis: 2 });
  shared.presents.push({ name: `present.${layer}.key`, value: keys });
  shared.presents.push({ name: `present.${layer}.value`, value: values });

  const grouped = g.node("Reshape", [headsFirst(q), shape(g, [shared.batch, kvHeads, heads / kvHeads, -1, headDim])]);
  const scaled = g.node("Mul", [grouped, g.real(arch.attentionScale)]); // [B, K, G, S, D]
  const across = g.node("Unsqueeze", [g.node("Transpose", [keys], { perm: [0, 1, 3, 2] }), g.integers(2)]);
  const scores = g.node("Add", [g.node("MatMul", [scaled, across]), shared.masks.get(kind?.window ?? null) ?? ""]);
  const shares = g.node("Softmax", [scores], { axis: -1 }); // [B, K, G, S, T]
  const mixed = g.node("MatMul", [shares, g.node("Unsqueeze", [values, g.integers(2)])]); // [B, K, G, S, D]
  return flat(g, g.node("Transpose", [mixed], { perm: [0, 3, 1, 2, 4] }), heads * headDim);
}

/** (x₁, x₂) → (x₁ cos - x₂ sin, x₂ cos + x₁ sin), the halves of each head. */
function rotated(g: OnnxGraph, x: string, { cos, sin }: { cos: string; sin: string }, headDim: number): string {
  const half = g.integers(headDim / 2, headDim / 2);
  const [low = "", high = ""] = g.nodes("Split", [x, half], 2, { axis: -1 });
  const times = (a: string, b: string) => g.node("Mul", [a, b]);
  const first = g.node("Sub", [times(low, cos), times(high, sin)]);
  const second = g.node("Add", [times(high, cos), times(low, sin)]);
  return g.node("Concat", [first, second], { axis: -1 });
}

/** x / √(mean(x²) + ε) · w, over stretches of `width` values: [.., width] */
function rmsNorm({ g, arch, weights }: Build, x: string, name: string, width: number): string {
  const rows = flat(g, x, width);
  const mean = g.node("ReduceMean", [g.node("Mul", [rows, rows]), g.integers(-1)], { keepdims: 1 });
  const root = g.node("Sqrt", [g.node("Add", [mean, g.real(arch.normEps)])]);
  const w = g.tensor(name, floatTensor(weights, name, "f32"));
  return g.node("Mul", [g.node("Div", [rows, root]), w]);
}

/** x Wᵀ + b.  x: [rows, in]  W: [out, in] */
function multiply({ g, weights, kind }: Build, x: string, name: string, biasName?: string): string {
  const [outputs = 0, inputs = 0] = weights.shapeOf(name);
  const bias = biasName === undefined ? [] : [g.tensor(biasName, floatTensor(weights, biasName, "f32"))];
  if (kind === "q8" && inputs % BLOCK === 0) {
    const parts = quantised(g, weights, name);
    const sizes = { K: inputs, N: outputs, bits: 8, block_size: BLOCK };
    const y = g.node("MatMulNBits", [x, ...parts], sizes);
    return bias.length > 0 ? g.node("Add", [y, ...bias]) : y;
  }
  return g.node("Gemm", [x, wide(g, weights, name, kind), ...bias], { transB: 1 });
}

/** The matrix as f32; kept as f16 it is widened when the model is loaded. */
function wide(g: OnnxGraph, weights: MergedWeights, name: string, kind: OnnxWeights): string {
  if (kind === "f32") return g.tensor(name, floatTensor(weights, name, "f32"));
  return g.node("Cast", [g.tensor(name, floatTensor(weights, name, "f16"))], { to: 1 });
}

function quantised(g: OnnxGraph, weights: MergedWeights, name: string): [codes: string, scales: string] {
  return [g.tensor(`${name}.codes`, blockCodes(weights, name)), g.tensor(`${name}.scales`, blockScales(weights, name))];
}

/** Rows of the table: [B, S, C]. */
function embedded({ g, arch, weights, kind }: Build, ids: string): string {
  const name = arch.names.embedding;
  const scale = (x: string) => (arch.embeddingScale === 1 ? x : g.node("Mul", [x, g.real(arch.embeddingScale)]));
  if (kind === "q8" && arch.hidden % BLOCK === 0) {
    const [codes, scales] = quantised(g, weights, name);
    const table = g.node("Reshape", [scales, g.integers(arch.vocab, arch.hidden / BLOCK, 1)]);
    const q = g.node("Cast", [g.node("Gather", [codes, ids])], { to: 1 }); // [B, S, C/32, 32]
    return scale(g.node("Mul", [g.node("Sub", [q, g.real(128)]), g.node("Gather", [table, ids])]));
  }
  const stored = kind === "f32" ? "f32" : "f16";
  const rows = g.node("Gather", [g.tensor(name, floatTensor(weights, name, stored)), ids]);
  return scale(stored === "f16" ? g.node("Cast", [rows], { to: 1 }) : rows);
}

function activated(g: OnnxGraph, x: string, activation: Architecture["activation"]): string {
  if (activation === "silu") return g.node("Mul", [x, g.node("Sigmoid", [x])]);
  // x/2 (1 + tanh(√(2/π) (x + 0.044715 x³)))
  const cube = g.node("Mul", [g.node("Mul", [x, x]), x]);
  const inner = g.node("Add", [x, g.node("Mul", [cube, g.real(0.044715)])]);
  const bent = g.node("Tanh", [g.node("Mul", [inner, g.real(Math.sqrt(2 / Math.PI))])]);
  const half = g.node("Mul", [x, g.real(0.5)]);
  return g.node("Mul", [half, g.node("Add", [bent, g.real(1)])]);
}

const flat = (g: OnnxGraph, x: string, width: number) => g.node("Reshape", [x, g.integers(-1, width)]);

/** A shape of numbers and of values known at run time only. */
function shape(g: OnnxGraph, dims: readonly (string | number)[]): string {
  const parts = dims.map((dim) => (typeof dim === "number" ? g.integers(dim) : dim));
  return g.node("Concat", parts, { axis: 0 });
}
