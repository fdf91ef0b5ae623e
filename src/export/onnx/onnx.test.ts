/** The graphs run by onnxruntime in WASM, as a web page would run them, against PyTorch's logits. */
import { readFileSync } from "node:fs";
import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import { describe, expect, test } from "vitest";
import type { PlannedFile } from "@/export/format";
import { type OnnxWeights, onnxDecoder } from "@/export/onnx/decoder";
import { concat } from "@/export/onnx/protobuf";
import type { MergedWeights } from "@/export/onnx/weights";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readTensor } from "@/files/safetensors";
import { type Architecture, expectedTensors } from "@/model/architecture";
import { architectureOf } from "@/model/families";
import { convertTensor } from "@/model/located";
import { locateTensors } from "@/model/weights";
import { PROJECTIONS } from "@/train/recipe";

env.wasm.numThreads = 1;

const fixture = (name: string, path: string) =>
  readFileSync(new URL(`../../../e2e/fixtures/${name}/${path}`, import.meta.url));

async function openFixture(name: string): Promise<{ arch: Architecture; weights: MergedWeights }> {
  const arch = architectureOf(JSON.parse(fixture(name, "config.json").toString()));
  const located = await locateTensors(arch, [fromBytes(fixture(name, "model.safetensors"))]);
  const shapes = expectedTensors(arch, PROJECTIONS);
  const weights: MergedWeights = {
    shapeOf: (tensor) => shapes.get(tensor) ?? [],
    async *rows(tensor) {
      const found = located.get(tensor);
      if (!found) throw new Error(`no ${tensor}`);
      const pieces: Float32Array<ArrayBuffer>[] = [];
      await convertTensor(tensor, found, "f32", (data) => pieces.push(new Float32Array(data.buffer as ArrayBuffer)));
      yield* pieces;
    },
  };
  return { arch, weights };
}

async function bytesOf(file: PlannedFile): Promise<Uint8Array<ArrayBuffer>> {
  const pieces: Uint8Array<ArrayBuffer>[] = [];
  for await (const piece of file.chunks()) pieces.push(piece);
  const whole = concat(pieces);
  expect(whole.length, file.name).toBe(file.bytes);
  return whole;
}

async function openSession(name: string, kind: OnnxWeights, limit?: number) {
  const { arch, weights } = await openFixture(name);
  const [model, data] = onnxDecoder(arch, weights, kind).files("model.onnx", limit);
  if (!model) throw new Error("no file");
  const externalData = data ? [{ path: "model.onnx_data", data: await bytesOf(data) }] : [];
  const session = await InferenceSession.create(await bytesOf(model), { externalData, logSeverityLevel: 3 });
  return { arch, session };
}

const int64 = (values: readonly number[], dims: readonly number[]) =>
  new Tensor("int64", BigInt64Array.from(values.map(BigInt)), dims);
const from = (start: number, count: number) => Array.from({ length: count }, (_, i) => start + i);

/** Logits of every token, given all at once or in two passes over the cache. */
async function logitsOf({ arch, session }: Awaited<ReturnType<typeof openSession>>, ids: number[], cut: number) {
  const parts: Float32Array[] = [];
  let past: Record<string, Tensor> = Object.fromEntries(
    from(0, arch.layers).flatMap((layer) =>
      ["key", "value"].map((which) => [
        `past_key_values.${layer}.${which}`,
        new Tensor("float32", new Float32Array(0), [1, arch.kvHeads, 0, arch.headDim]),
      ]),
    ),
  );
  for (const [start, end] of [
    [0, cut],
    [cut, ids.length],
  ] as const) {
    if (start === end) continue;
    const out = await session.run({
      input_ids: int64(ids.slice(start, end), [1, end - start]),
      attention_mask: int64(Array(end).fill(1), [1, end]),
      position_ids: int64(from(start, end - start), [1, end - start]),
      ...past,
    });
    parts.push(out.logits?.data as Float32Array);
    past = Object.fromEntries(
      Object.entries(out)
        .filter(([name]) => name.startsWith("present"))
        .map(([name, value]) => [name.replace("present", "past_key_values"), value as Tensor]),
    );
  }
  return parts.flatMap((part) => [...part]);
}

interface Golden {
  readonly packed: { readonly lengths: number[]; readonly ids: number[] };
}

async function worstError(name: string, kind: OnnxWeights, limit?: number): Promise<number> {
  const { packed } = JSON.parse(fixture(name, "golden.json").toString()) as Golden;
  const source = fromBytes(fixture(name, "golden.safetensors"));
  const entry = (await readHeader(source)).get("logits.base");
  if (!entry) throw new Error("no logits");
  const expected = await readTensor(source, entry);
  const opened = await openSession(name, kind, limit);
  let at = 0;
  let worst = 0;
  for (const length of packed.lengths) {
    const found = await logitsOf(opened, packed.ids.slice(at, at + length), Math.floor(length / 2));
    const offset = at * opened.arch.vocab;
    found.forEach((value, i) => {
      worst = Math.max(worst, Math.abs(value - (expected[offset + i] ?? Number.NaN)));
    });
    expect(found).toHaveLength(length * opened.arch.vocab);
    at += length;
  }
  await opened.session.release();
  return worst;
}

describe("logits in onnxruntime are PyTorch's", () => {
  const models = ["llama-gqa", "llama-untied", "arch-llama-biased", "arch-llama-scaled", "arch-qwen2"];
  const more = ["arch-qwen2-window", "arch-qwen3", "arch-gemma3", "arch-olmo2", "arch-smollm3"];
  // The first one also loads onnxruntime, which takes a busy machine longer than the usual five seconds.
  test.each([...models, ...more])("%s", { timeout: 60_000 }, async (name) => {
    expect(await worstError(name, "f32")).toBeLessThan(2e-5);
  });

  test("with weights of 16 bits, which the fixtures hold exactly", async () => {
    expect(await worstError("llama-gqa", "f16")).toBeLessThan(2e-5);
  });

  test("with tensors in a second file", async () => {
    expect(await worstError("arch-qwen3", "f32", 1000)).toBeLessThan(2e-5);
  });

  test("nearly, with weights of 8 bits", async () => {
    const error = await worstError("arch-qwen3", "q8");
    expect(error).toBeGreaterThan(1e-4);
    expect(error).toBeLessThan(0.3);
  });
});
