/** onnxruntime over an exported folder: its graph, its tokenizer, greedy with a key/value cache as transformers.js does. */
import type { InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { AppError } from "@/errors";
import type { Architecture } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { topTokens } from "@/session/next-token";
import type { OnnxRuntime } from "@/session/platform";
import { LEADS, type Reader } from "@/session/readers/reader";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { createTokenizer } from "@/tokenizer/tokenizer";
import type { NamedFile } from "@/worker/api/sources";

type Feeds = Record<string, Tensor>;

export async function onnxReader(ort: OnnxRuntime, files: readonly NamedFile[]): Promise<Reader> {
  const blob = (name: string) => files.find((file) => file.name === name)?.blob;
  const text = async (name: string) => (await blob(name)?.text()) ?? "{}";
  const model = files.find(({ name }) => name.endsWith(".onnx"));
  if (!model) throw new AppError("internal", "There is no ONNX file in the export.");
  const generation = JSON.parse(await text("generation_config.json")) as { eos_token_id?: number | number[] };
  const arch = architectureOf(JSON.parse(await text("config.json")));
  const eos = [generation.eos_token_id ?? []].flat();
  const tokenizer = createTokenizer(await text("tokenizer.json"), await text("tokenizer_config.json"), [
    ...arch.eosIds,
    ...eos,
  ]);
  const stops = new Set([...arch.eosIds, ...eos, ...tokenizer.eosIds]);
  const template = findChatTemplate(await text("tokenizer_config.json"), await blob("chat_template.jinja")?.text());
  // Threads would need workers of its own, which it cannot start in Node.
  ort.env.wasm.numThreads = 1;
  const data = blob(`${model.name}_data`);
  const bytes = async (from: Blob) => new Uint8Array(await from.arrayBuffer());
  const session = await ort.InferenceSession.create(await bytes(model.blob), {
    executionProviders: ["wasm"],
    logSeverityLevel: 3,
    ...(data ? { externalData: [{ path: `${model.name.split("/").at(-1)}_data`, data: await bytes(data) }] } : {}),
  });
  return {
    name: "onnxruntime in WebAssembly",
    template: template === null ? null : createChatTemplate(template, tokenizer.specialTokens),
    answers: async (prompts, maxTokens, leads) => {
      const said = [];
      for (const prompt of prompts) {
        const { tokens, first } = await greedy(ort, session, arch, tokenizer.encode(prompt), maxTokens, stops);
        said.push({
          text: tokenizer.decode(tokens, { skipSpecial: true }),
          next: leads ? topTokens(first, LEADS) : [],
        });
      }
      return said;
    },
    release: () => session.release(),
  };
}

async function greedy(
  ort: OnnxRuntime,
  session: InferenceSession,
  arch: Architecture,
  prompt: readonly number[],
  maxTokens: number,
  stops: ReadonlySet<number>,
): Promise<{ tokens: number[]; first: Float32Array }> {
  const int64 = (values: readonly number[]) =>
    new ort.Tensor("int64", BigInt64Array.from(values.map(BigInt)), [1, values.length]);
  let past = emptyCache(ort, arch);
  let ids = [...prompt];
  let first: Float32Array | undefined;
  const tokens: number[] = [];
  for (let at = 0; ; ) {
    const end = at + ids.length;
    const out = await session.run({
      input_ids: int64(ids),
      attention_mask: int64(Array<number>(end).fill(1)),
      position_ids: int64(ids.map((_, i) => at + i)),
      ...past,
    });
    const logits = out.logits?.data as Float32Array;
    const row = logits.subarray(logits.length - arch.vocab);
    first ??= row.slice();
    const next = row.reduce((best, value, i) => (value > (row[best] as number) ? i : best), 0);
    if (stops.has(next)) break;
    tokens.push(next);
    if (tokens.length >= maxTokens) break;
    past = cacheOf(out);
    at = end;
    ids = [next];
  }
  return { tokens, first };
}

function emptyCache(ort: OnnxRuntime, { layers, kvHeads, headDim }: Architecture): Feeds {
  const empty = () => new ort.Tensor("float32", new Float32Array(0), [1, kvHeads, 0, headDim]);
  const names = Array.from({ length: layers }, (_, layer) => [`${layer}.key`, `${layer}.value`]).flat();
  return Object.fromEntries(names.map((name) => [`past_key_values.${name}`, empty()]));
}

function cacheOf(outputs: InferenceSession.OnnxValueMapType): Feeds {
  const entries = Object.entries(outputs).filter(([name]) => name.startsWith("present."));
  return Object.fromEntries(
    entries.map(([name, value]) => [name.replace("present.", "past_key_values."), value as Tensor]),
  );
}
