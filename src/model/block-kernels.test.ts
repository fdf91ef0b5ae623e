import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readRaw, readTensor } from "@/files/safetensors";
import { type BlockFormat, blockKernels, isBlockFormat } from "@/model/block-kernels";
import { SOURCE } from "@/model/block-kernels.wasm";
import { sourceHash } from "@/model/build-block-kernels.mjs";
import { dequantise, repack } from "@/model/weight-formats";

const file = fromBytes(readFileSync(new URL("../../e2e/fixtures/gguf/quantised.safetensors", import.meta.url)));
const entries = await readHeader(file);
const entry = (name: string) => {
  const found = entries.get(name);
  if (!found) throw new Error(`no ${name}`);
  return found;
};
const values = await readTensor(file, entry("values"));
const columns = 512;
const formats = [...entries.keys()].filter(isBlockFormat);

test("the module was made from these sources", () => expect(SOURCE).toBe(sourceHash()));

describe("blocks are ggml's, to the bit", () => {
  test("for all eight formats", () => expect(formats).toHaveLength(8));
  test.each(formats)("%s", async (format) => {
    const kernels = await blockKernels();
    expect(kernels.quantise(format, values)).toEqual(await readRaw(file, entry(format)));
  });
  test.each<[BlockFormat, number]>([
    ["q8_0", 0.006],
    ["q6_k", 0.02],
    ["q5_k", 0.04],
    ["q4_k", 0.08],
    ["q4_0", 0.1],
  ])("%s is near what it was made from", async (format, most) => {
    const kernels = await blockKernels();
    const row = values.slice(0, columns);
    const back = dequantise(format, repack(format, kernels.quantise(format, row), columns), columns);
    const norm = (list: Float32Array) => Math.sqrt(list.reduce((sum, x) => sum + x * x, 0));
    expect(norm(back.map((x, i) => x - (row[i] ?? 0))) / norm(row)).toBeLessThan(most);
  });
});

test.each([8, 12, 7])("a pair is added to %i columns as the formula says", async (width) => {
  const kernels = await blockKernels();
  const [rows, rank, scale] = [5, 3, 0.75];
  const ramp = (length: number, step: number) => Float32Array.from({ length }, (_, i) => Math.sin(i * step));
  const [w, a, b] = [ramp(rows * width, 0.7), ramp(rank * width, 1.3), ramp(rows * rank, 2.1)];
  const wanted = w.map((value, i) => {
    const [row, column] = [Math.floor(i / width), i % width];
    let sum = 0;
    for (let k = 0; k < rank; k++) sum += (b[row * rank + k] ?? 0) * (a[k * width + column] ?? 0);
    return value + scale * sum;
  });
  kernels.addLora(w, a, b, rank, scale);
  expect(Math.max(...w.map((value, i) => Math.abs(value - (wanted[i] ?? 0))))).toBeLessThan(1e-6);
});

test("a piece larger than the memory so far, and one that is no whole block", async () => {
  const kernels = await blockKernels();
  const large = new Float32Array(1_000_192).fill(0.5);
  expect(kernels.quantise("q8_0", large).subarray(-32)).toEqual(new Uint8Array(32).fill(127));
  expect(() => kernels.quantise("q4_k", new Float32Array(32))).toThrow(/no blocks of q4_k/);
});
