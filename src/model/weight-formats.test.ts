import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, readRaw, readTensor } from "@/files/safetensors";
import type { WeightFormat } from "@/graph/target";
import { quantise, quantiseQ8 } from "@/model/quantize";
import { dequantise, NF4, repack, rowBytes, storedBytes } from "@/model/weight-formats";
import { bf16ToF32 } from "@/util/bytes";

const file = fromBytes(readFileSync(new URL("../../e2e/fixtures/gguf/quants.safetensors", import.meta.url)));
const header = await readHeader(file);
const entry = (name: string) => {
  const found = header.get(name);
  if (!found) throw new Error(`quants.safetensors has no ${name}`);
  return found;
};
const bytes = (name: string) => readRaw(file, entry(name));
const floats = (name: string) => readTensor(file, entry(name));
/** To the bit, so that -0 is not 0. */
const bits = (values: Float32Array) => new Uint32Array(values.buffer, values.byteOffset, values.length);

const GGUF_FORMATS: readonly WeightFormat[] = ["q8_0", "q4_0", "q4_1", "q5_0", "q5_1", "q4_k", "q5_k", "q6_k"];

describe.each(GGUF_FORMATS)("%s", (format) => {
  test("dequantises to the bits of the gguf package", async () => {
    const [rows = 0, columns = 0] = entry(`${format}.values`).shape;
    const stored = repack(format, await bytes(`${format}.blocks`), columns);
    expect(stored.length).toBe(storedBytes(format, [rows, columns]));
    expect(rowBytes(format, columns) % 4).toBe(0);
    expect(bits(dequantise(format, stored, columns))).toEqual(bits(await floats(`${format}.values`)));
  });
});

test("f32, f16 and bf16 pass through", () => {
  const values = Float32Array.of(1, -2.5, 0, 65504);
  expect(dequantise("f32", new Uint8Array(values.buffer), 2)).toEqual(values);
  expect(dequantise("f16", new Uint8Array(Uint16Array.of(0x3c00, 0xc100, 0, 0x7bff).buffer), 2)).toEqual(values);
  const all = Uint16Array.from({ length: 0x10000 }, (_, i) => i);
  expect(bits(dequantise("bf16", new Uint8Array(all.slice().buffer), 256))).toEqual(bits(bf16ToF32(all)));
});

test("q8_0 is quantised to the bits of the gguf package", async () => {
  const quantised = await bytes("q8_0.quantised");
  expect(quantiseQ8(await floats("plain"))).toEqual(quantised);
  expect(quantise("q8_0", await floats("plain"), 192)).toEqual(repack("q8_0", quantised, 192));
});

test("nf4 is bitsandbytes' table, codes, scales and values", async () => {
  expect(NF4).toEqual(await floats("nf4.table"));
  const plain = await floats("plain");
  const stored = quantise("nf4", plain, 192);
  const codes = await bytes("nf4.codes"); // pairs, the first value high
  const absmax = await floats("nf4.absmax");
  const view = new DataView(stored.buffer);
  for (let block = 0; block < absmax.length; block++) {
    expect(view.getFloat32(block * 36, true)).toBe(absmax[block]);
    const ours = Array.from(
      { length: 64 },
      (_, i) => ((stored[block * 36 + 4 + (i % 32)] ?? 0) >> (i < 32 ? 0 : 4)) & 15,
    );
    const theirs = Array.from({ length: 64 }, (_, i) => ((codes[block * 32 + (i >> 1)] ?? 0) >> (i % 2 ? 0 : 4)) & 15);
    expect(ours).toEqual(theirs);
  }
  const values = dequantise("nf4", stored, 192);
  expect(values).toEqual(await floats("nf4.values"));
});
