/** The calls that stand for classes of shapes in trials, what their operands hold, and programs of one call alone. */
import type { AttentionEntry } from "@/gpu/attention-form";
import { attentionClass, type ProductClass } from "@/gpu/variants";
import { call, createGraph, external, storagesOf } from "@/graph/graph";
import type { Call, DeviceBuffer, Program, Target, Tensor, WeightFormat } from "@/graph/target";

/** The Step uniform: gpu/ knows no fields of it, only that it is this large. */
const STEP_BYTES = 48;

/** What stands for a class of products: rows, K, N and the weight's format; those that weigh most come first. */
const PROXIES: Readonly<Record<ProductClass, readonly [number, number, number, WeightFormat]>> = {
  "many forward floats": [256, 1024, 1024, "f32"],
  "many backward floats": [256, 1024, 1024, "f32"],
  "many forward blocks": [256, 1024, 1024, "q4_0"],
  "many backward blocks": [256, 1024, 1024, "q4_0"],
  "narrow forward": [256, 1024, 16, "f32"],
  "narrow backward": [256, 16, 1024, "f32"],
  gradient: [256, 1024, 16, "f32"],
  "few forward blocks": [1, 1024, 2048, "q4_0"],
  "few forward floats": [1, 1024, 2048, "f32"],
};

/** What stands for a class of attention. */
const ATTENDING = { tokens: 256, heads: 8, kvHeads: 4 };
export const ENTRIES: readonly AttentionEntry[] = ["forward", "backward_q", "backward_kv"];
const ATTENTIONS = new Map(
  [64, 128].flatMap((dim) => ENTRIES.map((entry) => [attentionClass(entry, dim), { entry, dim }] as const)),
);

/** Decoding's come last: a run trains first. */
export const CLASSES: readonly ProductClass[] = [
  ...Object.keys(PROXIES).filter((name) => !name.startsWith("few")),
  ...ATTENTIONS.keys(),
  ...Object.keys(PROXIES).filter((name) => name.startsWith("few")),
];

export function proxyCall(className: ProductClass): Call {
  const attention = ATTENTIONS.get(className);
  return attention ? attentionCall(attention.entry, attention.dim) : productCall(className);
}

export function attentionCall(entry: AttentionEntry, dim: number, { tokens, heads, kvHeads } = ATTENDING): Call {
  const g = createGraph("tune");
  const rows = (name: string, count: number) => external(name, [tokens, count * dim]);
  const [q, k, v, y] = [rows("q", heads), rows("k", kvHeads), rows("v", kvHeads), rows("y", heads)];
  const seen = { q, k, v, span: external("span", [tokens, 2], "u32") };
  const slopes = { ...seen, dy: rows("dy", heads), row_stats: external("stats", [tokens, heads, 2]) };
  const constants = { HEADS: heads, KV_HEADS: kvHeads, HEAD_DIM: dim, SCALE: 1 / Math.sqrt(dim) };
  const operands = {
    forward: { reads: seen, writes: { y, lse: external("lse", [tokens, heads]) } },
    backward_q: { reads: slopes, writes: { dq: y } },
    backward_kv: { reads: slopes, writes: { dk: rows("dk", kvHeads), dv: rows("dv", kvHeads) } },
  }[entry] as { reads: Record<string, Tensor>; writes: Record<string, Tensor> };
  call(g, `attention.${entry}`, operands, constants, 1);
  return g.calls[0] as Call;
}

function productCall(className: ProductClass): Call {
  const [t, k, n, format] = PROXIES[className] ?? [8, 4, 4, "f32"];
  const g = createGraph("tune");
  const w = external("w", [n, k], format, format === "q4_0" ? (n * k * 18) / 32 : undefined);
  const [wide, tall] = [external("x", [t, k]), external("y", [t, n])];
  const constants = { K: k, N: n, W_ROWS: n, W_COLS: k };
  if (className === "gradient") {
    const reads = { left: tall, right: wide, step: external("step", [STEP_BYTES / 4]) };
    call(g, "lora.gradient", { reads, writes: { g: external("w", [n, k]) } }, { M: n, N: k }, 1);
  } else if (className.includes("forward")) {
    call(g, "linear.forward", { reads: { x: wide, w }, writes: { y: tall } }, constants, 1);
  } else {
    call(g, "linear.backward", { reads: { dy: tall, w }, writes: { dx: wide } }, constants, 1);
  }
  return g.calls[0] as Call;
}

/** Buffers for all that the call reads and writes, by name; they hold what its class asks for. */
export function buffersFor(target: Target, item: Call, className: ProductClass): Map<string, DeviceBuffer> {
  const buffers = new Map(
    storagesOf([item], true).map(({ name, bytes }) => [name, target.allocate(bytes, `trial ${name}`)]),
  );
  for (const [name, buffer] of buffers) target.write(buffer, contentsOf(className, name, buffer.bytes / 4));
  return buffers;
}

/** The call so many times in one submit. */
export function programOf(name: string, item: Call, times: number): Program {
  const calls = Array.from({ length: times }, () => item);
  return { name, calls, pause: times, slots: [], placeOf: new Map(), peakBytes: 0 };
}

/** Values that are harmless as f32 and, in pairs, as f16 scales with 4-bit numbers around them. */
function contentsOf(className: ProductClass, name: string, words: number): ArrayBufferView {
  // Causal rows of one sequence.
  if (name === "span") return Uint32Array.from({ length: words }, (_, i) => (i % 2 === 0 ? 0 : (i + 1) / 2));
  const packed = name === "w" && className.endsWith("blocks");
  const bits = Uint32Array.from({ length: words }, (_, i) => Math.imul(i + 1, 0x9e3779b1) ^ (i >>> 3));
  if (packed) return bits.map((word) => (word & 0x0f0f0f0f) | 0x20202020);
  return Float32Array.from(bits, (word) => word / 2 ** 32 - 0.5);
}
