/** Every storage format of frozen weights, through the kernels that read them: projection, its gradient, embedding. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readRaw, readTensor } from "@/files/safetensors";
import type { WeightFormat } from "@/graph/target";
import { quantise } from "@/model/quantize";
import { dequantise, repack } from "@/model/weight-formats";
import { checkOp, type Input, indices, input, type Numbers, randoms } from "@/ops/check";
import { embed } from "@/ops/embed";
import { linear } from "@/ops/linear";
import { f32ToBf16, f32ToF16 } from "@/util/bytes";

const FORMATS: readonly WeightFormat[] = [
  ...["f16", "bf16", "q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k", "nf4"],
] as WeightFormat[];

const wordsOf = (words: Uint16Array<ArrayBuffer>) => new Uint8Array(words.buffer);
const file = fromBytes(readFileSync(new URL("../../e2e/fixtures/gguf/quants.safetensors", import.meta.url)));
const header = await readHeader(file);

/** Four rows of random blocks from the fixture, whose columns are an odd number of blocks. */
async function weight(format: WeightFormat): Promise<Input> {
  const blocks = header.get(`${format}.blocks`);
  const values = header.get(`${format}.values`);
  if (blocks && values && format !== "nf4") {
    const stored = repack(format, await readRaw(file, blocks), values.shape[1] ?? 0);
    return { shape: values.shape, data: await readTensor(file, values), stored, format };
  }
  const shape = [8, 192];
  const plain = randoms(shape, 9) as Float32Array<ArrayBuffer>;
  const narrow = { nf4: () => quantise("nf4", plain, 192), bf16: () => wordsOf(f32ToBf16(plain)) };
  const stored = format === "nf4" || format === "bf16" ? narrow[format]() : wordsOf(f32ToF16(plain));
  return { shape, data: dequantise(format, stored, 192), stored, format };
}

test.each(FORMATS)("linear with %s weights", async (format) => {
  const w = await weight(format);
  const [rows = 0, width = 0] = w.shape;
  expect(w.data.every(Number.isFinite)).toBe(true);
  await checkOp({
    inputs: { x: input([8, width], 1, "flow"), w },
    trace: (g, t) => ({ y: linear(g, t.x, t.w, undefined, t.step) }),
    reference: ({ x, w: values }: Record<"x" | "w", Numbers>) => {
      const y = new Float64Array(8 * rows);
      for (let t = 0; t < 8; t++) {
        for (let n = 0; n < rows; n++) {
          for (let k = 0; k < width; k++) {
            y[t * rows + n] = (y[t * rows + n] ?? 0) + (x[t * width + k] ?? 0) * (values[n * width + k] ?? 0);
          }
        }
      }
      return { y };
    },
  });
});

test.each(FORMATS)("embed with %s weights", async (format) => {
  const w = await weight(format);
  const [, width = 0] = w.shape;
  const tokens = [3, 0, 2, 1, 3];
  await checkOp({
    inputs: { tokens: indices([tokens.length], tokens), w },
    trace: (g, t) => embed(g, t, { scale: 2 }),
    reference: ({ w: values }: Record<"tokens" | "w", Numbers>) => ({
      y: Float64Array.from({ length: tokens.length * width }, (_, i) => {
        return 2 * (values[(tokens[Math.floor(i / width)] ?? 0) * width + (i % width)] ?? 0);
      }),
    }),
    // An embedding only unpacks: what is left is the rounding of a product and a sum.
    tolerance: 1e-6,
  });
});
