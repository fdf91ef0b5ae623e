/** What a model would say next: the likeliest tokens after each prompt with their log-probabilities, in one pass. */
import { packBatch } from "@/data/pack";
import { call, createGraph, external } from "@/graph/graph";
import { gridOf } from "@/graph/grid";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer } from "@/graph/target";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import { normBuffers, traceNorms } from "@/model/magnitudes";
import type { Runtime } from "@/model/runtime";
import { decoderWith } from "@/model/trainable";
import { gather } from "@/ops/gather";
import { multiply } from "@/ops/linear";
import type { LoadedAdapter } from "@/session/answers";
import type { TokenLead } from "@/worker/api/self-test";

/** The `most` likeliest of a row of logits, likeliest first. */
export function topTokens(logits: Float32Array, most: number): TokenLead[] {
  let highest = Number.NEGATIVE_INFINITY;
  for (const value of logits) highest = Math.max(highest, value);
  let sum = 0;
  for (const value of logits) sum += Math.exp(value - highest);
  const base = highest + Math.log(sum);
  const order = [...logits.keys()].sort((a, b) => (logits[b] as number) - (logits[a] as number)).slice(0, most);
  return order.map((token) => ({ token, logProbability: (logits[token] as number) - base }));
}

/** One list per prompt. The rows of all prompts lie in one batch, so few and short ones are meant. */
export async function nextTokens(
  runtime: Runtime,
  adapter: LoadedAdapter | undefined,
  prompts: readonly (readonly number[])[],
  most: number,
): Promise<TokenLead[][]> {
  const { target, arch } = runtime;
  const batch = packBatch(prompts.map((ids) => ({ ids: [...ids], labels: ids.map(() => -100) })));
  const rows = batch.tokens.length;
  const samples = Math.ceil(prompts.length / target.rowTile) * target.rowTile;
  const ends = new Uint32Array(samples);
  prompts.reduce((at, { length }, i) => {
    ends[i] = at + length - 1;
    return at + length;
  }, 0);

  const g = createGraph("next token");
  const decoder = decoderWith(arch, runtime.tensors, adapter?.layout, false);
  traceNorms(g, arch, runtime.tensors, adapter?.layout);
  const last = external("lastRows", [samples], "u32");
  const hidden = gather(g, { x: decode(g, decoder, rowInputs(rows)), rows: last, slots: last }, null).y;
  const logits = multiply(g, finalNorm(g, decoder, hidden), decoder.weights.head); // [samples, V]
  const out = external("logits", logits.shape);
  const reads = { x: logits, index: external("iota", [samples], "u32") };
  call(g, "gather.forward", { reads, writes: { y: out } }, { WIDTH: arch.vocab }, gridOf((samples * arch.vocab) / 4));

  const iota = Uint32Array.from(ends.keys());
  const own = new Map<string, DeviceBuffer>();
  const inputs = { tokens: batch.tokens, positions: batch.positions, span: batch.span, lastRows: ends, iota };
  try {
    for (const [name, data] of Object.entries(inputs)) {
      const buffer = target.allocate(data.byteLength, name);
      own.set(name, buffer);
      target.write(buffer, data);
    }
    for (const [name, bytes] of normBuffers(adapter?.layout)) own.set(name, target.allocate(bytes, name));
    const answer = target.allocate(samples * arch.vocab * 4, "logits");
    own.set("logits", answer);
    const buffers = new Map([...runtime.buffers, ...own]);
    if (adapter) buffers.set("adapter", adapter.buffer);
    const { layout } = adapter ?? {};
    const step = runtime.buffers.get("step");
    const scale = layout ? layout.scale : 0;
    if (step) target.write(step, packStep({ ...NO_STEP, adapter_scale: scale }));
    const executable = await target.compile(compileGraph(g), buffers);
    await executable.run();
    const values = new Float32Array(await target.read(answer));
    target.discard(executable);
    return prompts.map((_, i) => topTokens(values.subarray(i * arch.vocab, (i + 1) * arch.vocab), most));
  } finally {
    for (const buffer of own.values()) target.free(buffer);
  }
}
