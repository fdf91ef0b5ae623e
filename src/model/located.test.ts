import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import { readHeader, type TensorData, writeSafetensors } from "@/files/safetensors";
import type { WeightFormat } from "@/graph/target";
import { convertTensor, fromSafetensors, type Located } from "@/model/located";
import { quantise } from "@/model/quantize";
import { fitFormat, storedBytes } from "@/model/weight-formats";
import { bf16ToF32, f16ToF32, f32ToBf16, f32ToF16 } from "@/util/bytes";

const ROWS = 7;
const COLUMNS = 64;
const values = Float32Array.from({ length: ROWS * COLUMNS }, (_, i) => Math.fround(Math.sin(i * i)));

async function located(dtype: TensorData["dtype"], data: Float32Array | Uint16Array): Promise<Located> {
  const source = fromBytes(writeSafetensors(new Map([["w", { dtype, shape: [ROWS, COLUMNS], data }]])));
  const entry = (await readHeader(source)).get("w");
  if (!entry) throw new Error("w was not written");
  return fromSafetensors(source, entry);
}

async function convert(from: Located, format: WeightFormat, pieceBytes?: number): Promise<Uint8Array> {
  const out = new Uint8Array(storedBytes(format, from.shape));
  await convertTensor("w", from, format, (data, at) => out.set(data as Uint8Array, at), pieceBytes);
  return out;
}

const bytesOf = (data: Float32Array | Uint16Array) => new Uint8Array(data.buffer);

describe("a safetensors tensor becomes", () => {
  // A piece of one byte is a row; of 1000, three.
  test.each([[undefined], [1], [1000]])("each format, in pieces of %s bytes", async (piece) => {
    const full = await located("F32", values);
    expect(await convert(full, "f32", piece)).toEqual(bytesOf(values));
    expect(await convert(full, "f16", piece)).toEqual(bytesOf(f32ToF16(values)));
    expect(await convert(full, "q8_0", piece)).toEqual(quantise("q8_0", values, COLUMNS));
    expect(await convert(full, "nf4", piece)).toEqual(quantise("nf4", values, COLUMNS));
  });

  test("the same from half precision", async () => {
    const half = await located("F16", f32ToF16(values));
    const widened = f16ToF32(f32ToF16(values));
    expect(await convert(half, "f16")).toEqual(bytesOf(f32ToF16(values)));
    expect(await convert(half, "f32")).toEqual(bytesOf(widened));
    expect(await convert(half, "nf4", 300)).toEqual(quantise("nf4", widened, COLUMNS));
    const brain = await located("BF16", f32ToBf16(values));
    expect(await convert(brain, "f32", 300)).toEqual(bytesOf(bf16ToF32(f32ToBf16(values))));
    expect(await convert(brain, "bf16", 300)).toEqual(bytesOf(f32ToBf16(values)));
    expect(await convert(half, "bf16")).toEqual(bytesOf(f32ToBf16(widened)));
  });

  test("each value plus an offset", async () => {
    const offset = { ...(await located("F32", values)), offset: 1 };
    expect(await convert(offset, "f32", 500)).toEqual(bytesOf(values.map((value) => value + 1)));
  });
});

test("a group of rows is never torn", async () => {
  const asked: [number, number][] = [];
  const grouped: Located = {
    shape: [12, 4],
    stored: "f32",
    group: 4,
    read: async (first, rows) => {
      asked.push([first, rows]);
      return new Uint8Array(rows * 16);
    },
  };
  await convert(grouped, "f32", 16 * 6);
  expect(asked).toEqual([
    [0, 4],
    [4, 4],
    [8, 4],
  ]);
});

describe("values that are no numbers are refused", () => {
  const broken = values.map((value, i) => (i === 200 ? Number.NaN : value));
  const endless = values.map((value, i) => (i === 447 ? Number.POSITIVE_INFINITY : value));
  const refusal = { code: "file/malformed", message: "The weights of w hold values that are not numbers." };
  test.each(["f32", "f16", "bf16", "q8_0", "nf4"] as const)("on the way to %s", async (format) => {
    await expect(convert(await located("F32", broken), format)).rejects.toMatchObject(refusal);
    await expect(convert(await located("F32", endless), format)).rejects.toMatchObject(refusal);
    await expect(convert(await located("F16", f32ToF16(broken)), format)).rejects.toMatchObject(refusal);
  });

  test.each([
    ["q4_1", 20, 2],
    ["q4_1", 20, 0],
    ["q6_k", 210, 208],
    ["q4_k", 144, 2],
  ] as const)("in the scales of %s", async (stored, bytes, at) => {
    const blocks = new Uint8Array(bytes * 3);
    const columns = bytes < 100 ? 32 * 3 : 256 * 3;
    const from: Located = { shape: [1, columns], stored, group: 1, read: async () => blocks.slice() };
    expect(await convert(from, stored)).toHaveLength(storedBytes(stored, [1, columns]));
    blocks.set([0, 0x7e], bytes * 2 + at);
    await expect(convert(from, stored)).rejects.toMatchObject(refusal);
  });
});

test("a format whose blocks do not divide the rows gives way", () => {
  expect(fitFormat("nf4", 128)).toBe("nf4");
  expect(fitFormat("nf4", 96)).toBe("q8_0");
  expect(fitFormat("nf4", 48)).toBe("f32");
  expect(fitFormat("q8_0", 48)).toBe("f32");
});
