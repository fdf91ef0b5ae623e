/**
 * A GGUF file gives the logits and greedy ids of transformers reading the same file, with its blocks left quantised on
 * the device. The small file is made by e2e/oracle/make_gguf_goldens.py; the real one, SmolLM2-135M-Instruct, is asked for
 * by BURNISH_SMOLLM2=FILE.gguf and BURNISH_SMOLLM2_GOLDEN=FILE.safetensors (e2e/oracle/check_gguf.py makes it).
 */
import { openAsBlob, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { packBatch } from "@/data/pack";
import { type ByteSource, fromBlob, fromBytes } from "@/files/byte-source";
import { readGguf } from "@/files/gguf";
import { readHeader, readTensor } from "@/files/safetensors";
import { createGraph, external } from "@/graph/graph";
import { compileGraph } from "@/graph/plan";
import { NO_STEP, packStep } from "@/graph/step";
import type { DeviceBuffer, Target } from "@/graph/target";
import { decode, finalNorm, rowInputs } from "@/model/decoder";
import { createGenerator } from "@/model/generate";
import { openGguf } from "@/model/gguf";
import { createRuntime, decoderOf, type Runtime, releaseRuntime } from "@/model/runtime";
import { compare, targets } from "@/ops/check";
import { multiply } from "@/ops/linear";
import { createChatTemplate, findChatTemplate } from "@/tokenizer/chat-template";
import { ggufTokenizer } from "@/tokenizer/gguf-tokenizer";
import { createTokenizer } from "@/tokenizer/tokenizer";

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/gguf/${name}`, import.meta.url));

async function open(target: Target, source: ByteSource): Promise<Runtime & { stops: readonly number[] }> {
  const { arch, located, formatOf, metadata } = await openGguf(source);
  const runtime = await createRuntime(target, arch, formatOf, located, () => {});
  return { ...runtime, stops: ggufTokenizer(metadata).eosIds };
}

/** [tokens, vocabulary] of one sequence. */
async function logits(runtime: Runtime, ids: readonly number[]): Promise<Float32Array> {
  const { target, arch } = runtime;
  const batch = packBatch([{ ids: [...ids], labels: [...ids] }]);
  const g = createGraph("logits");
  const decoder = decoderOf(arch, runtime.tensors);
  const hidden = finalNorm(g, decoder, decode(g, decoder, rowInputs(batch.tokens.length)));
  const made = multiply(g, hidden, decoder.weights.head);
  const out = external("out", made.shape);
  g.calls.push({ ...(g.calls.pop() as (typeof g.calls)[number]), writes: { y: out } });
  const own = new Map<string, DeviceBuffer>();
  for (const key of ["tokens", "positions", "span"] as const) {
    own.set(key, target.allocate(batch[key].byteLength, key));
    target.write(own.get(key) as DeviceBuffer, batch[key]);
  }
  own.set("out", target.allocate(out.storage.bytes, "out"));
  target.write(runtime.buffers.get("step") as DeviceBuffer, packStep(NO_STEP));
  const executable = await target.compile(compileGraph(g), new Map([...runtime.buffers, ...own]));
  await executable.run();
  const width = made.shape[1] ?? 0;
  const got = new Float32Array(await target.read(own.get("out") as DeviceBuffer, 0, ids.length * width * 4));
  target.discard(executable);
  for (const buffer of own.values()) target.free(buffer);
  return got;
}

async function greedy(runtime: Runtime, prompt: readonly number[], maxTokens: number, stopIds: readonly number[]) {
  const generator = createGenerator(runtime, undefined, {
    sequences: 1,
    length: prompt.length + maxTokens,
  });
  const options = { maxTokens, temperature: 0, seed: 1, adapterScale: 0, stopIds };
  const [answer] = await generator.run([{ prompt, key: 1 }], options);
  generator.release();
  return answer;
}

async function golden(source: ByteSource) {
  const header = await readHeader(source);
  return async (key: string) => {
    const entry = header.get(key);
    if (!entry) throw new Error(`the golden file has no ${key}`);
    if (entry.dtype !== "I32") return readTensor(source, entry);
    return new Int32Array((await source.read(entry.offset, entry.bytes)).buffer);
  };
}

describe.each((await targets()).map((target) => [target.name, target] as const))("on %s", (_, target) => {
  test("a small file of every format", async () => {
    const expected = await golden(fromBytes(fixture("tiny.safetensors")));
    const runtime = await open(target, fromBytes(fixture("tiny.gguf")));
    const ids = [...(await expected("ids"))];
    compare(await logits(runtime, ids), await expected("logits"), 1e-4, "logits");
    expect(await greedy(runtime, ids, 12, [])).toEqual([...(await expected("greedy"))]);
    releaseRuntime(runtime);
  });

  const { BURNISH_SMOLLM2: file = "", BURNISH_SMOLLM2_GOLDEN: made = "" } = process.env;
  // A software GPU takes minutes for what the CPU engine does in seconds: there one prompt, and no answers.
  const slow = target.software && target.name === "webgpu";
  test.skipIf(file === "" || made === "")(
    "SmolLM2-135M-Instruct",
    async () => {
      const expected = await golden(fromBlob(await openAsBlob(made)));
      const prompts = slow ? [0] : [0, 1, 2, 3, 4];
      const runtime = await open(target, fromBlob(await openAsBlob(file)));
      for (const i of prompts) {
        const started = performance.now();
        const got = await logits(runtime, [...(await expected(`${i}.ids`))]);
        const seconds = (performance.now() - started) / 1000;
        const wanted = await expected(`${i}.logits`);
        process.stdout.write(
          `${target.name}: prompt ${i}, ${seconds.toFixed(1)} s, error ${relativeError(got, wanted).toExponential(1)}\n`,
        );
        compare(got, wanted, 1e-3, `logits of prompt ${i}`);
      }
      for (const i of slow ? [] : prompts) {
        const ids = [...(await expected(`${i}.ids`))];
        const answer = await greedy(runtime, ids, 32, runtime.stops);
        expect(answer, `answer to prompt ${i}`).toEqual([...(await expected(`${i}.greedy`))]);
      }
      process.stdout.write(`${target.name}: ${(target.liveBytes() / 1e6).toFixed(0)} MB on the device\n`);
      releaseRuntime(runtime);
    },
    1_800_000,
  );
});

const Texts = z.object({
  prompts: z.array(z.object({ prompt: z.string(), text: z.string(), ids: z.array(z.int()) })),
  texts: z.array(z.object({ text: z.string(), ids: z.array(z.int()) })),
});

test.skipIf(!process.env.BURNISH_SMOLLM2)("SmolLM2-135M-Instruct: ids and prompts", async () => {
  const { BURNISH_SMOLLM2: file = "", BURNISH_SMOLLM2_GOLDEN: made = "" } = process.env;
  const { metadata } = await readGguf(fromBlob(await openAsBlob(file)));
  const { tokenizerJson, configJson, eosIds } = ggufTokenizer(metadata);
  const tokenizer = createTokenizer(tokenizerJson, configJson, eosIds);
  const template = createChatTemplate(findChatTemplate(configJson) ?? "", tokenizer.specialTokens);
  const golden = z.parse(Texts, JSON.parse(readFileSync(made.replace(/safetensors$/, "json"), "utf8")));
  for (const { text, ids } of golden.texts) expect(tokenizer.encode(text), text).toEqual(ids);
  for (const { prompt, text, ids } of golden.prompts) {
    const rendered = template.render([{ role: "user", content: prompt }], { addGenerationPrompt: true });
    expect(rendered).toBe(text);
    expect(tokenizer.encode(rendered, { special: false })).toEqual(ids);
  }
});

/** Largest difference, of the largest value. */
function relativeError(got: Float32Array, wanted: ArrayLike<number>): number {
  let worst = 0;
  let largest = 0;
  for (let i = 0; i < got.length; i++) {
    worst = Math.max(worst, Math.abs((got[i] ?? Number.NaN) - (wanted[i] ?? Number.NaN)));
    largest = Math.max(largest, Math.abs(wanted[i] ?? 0));
  }
  return worst / largest;
}
