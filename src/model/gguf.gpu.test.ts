/**
 * A GGUF file gives the logits and greedy ids of transformers reading the same file, with its blocks left quantised on
 * the device. The small file is made by e2e/oracle/make_gguf_goldens.py; the real one, SmolLM2-135M-Instruct, is asked for
 * by BURNISH_SMOLLM2=FILE.gguf and BURNISH_SMOLLM2_GOLDEN=FILE.safetensors (e2e/oracle/check_gguf.py makes it).
 */
import { openAsBlob, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { packBatch } from "@/data/pack";
import { type ByteSource, fromBlob, fromBytes } from "@/files/byte-source";
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

const fixture = (name: string) => readFileSync(new URL(`../../e2e/fixtures/gguf/${name}`, import.meta.url));

async function open(target: Target, source: ByteSource): Promise<Runtime> {
  const { arch, located, formatOf } = await openGguf(source);
  return createRuntime(target, arch, formatOf, located, () => {});
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
  test.skipIf(file === "" || made === "")(
    "SmolLM2-135M-Instruct",
    async () => {
      const expected = await golden(fromBlob(await openAsBlob(made)));
      const runtime = await open(target, fromBlob(await openAsBlob(file)));
      for (let i = 0; i < 5; i++) {
        const ids = [...(await expected(`${i}.ids`))];
        const got = await logits(runtime, ids);
        compare(got, await expected(`${i}.logits`), 1e-3, `logits of prompt ${i}`);
      }
      for (let i = 0; i < 5; i++) {
        const answer = [...(await expected(`${i}.greedy`))];
        const ids = [...(await expected(`${i}.ids`))];
        expect(await greedy(runtime, ids, 32, [...runtime.arch.eosIds]), `answer to prompt ${i}`).toEqual(answer);
      }
      releaseRuntime(runtime);
    },
    1_800_000,
  );
});
