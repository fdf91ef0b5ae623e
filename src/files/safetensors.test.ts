import { describe, expect, test } from "vitest";
import { f32ToBf16, f32ToF16 } from "@/util/bytes";
import { fromBlob, fromBytes } from "./byte-source";
import { readHeader, readRaw, readTensor, type TensorData, writeSafetensors } from "./safetensors";

/** A file with any header text, however wrong. */
function craft(header: string | object, dataBytes: number, claimed?: bigint): Uint8Array {
  const json = new TextEncoder().encode(typeof header === "string" ? header : JSON.stringify(header));
  const file = new Uint8Array(8 + json.length + dataBytes);
  new DataView(file.buffer).setBigUint64(0, claimed ?? BigInt(json.length), true);
  file.set(json, 8);
  return file;
}
const header = (file: Uint8Array) => readHeader(fromBytes(file));
const entry = (begin: number, end: number, shape = [(end - begin) / 4], dtype = "F32") => ({
  dtype,
  shape,
  data_offsets: [begin, end],
});

const values = Float32Array.from([1, -2.5, 0.0625]);
const sample = new Map<string, TensorData>([
  ["half", { dtype: "F16", shape: [3], data: f32ToF16(values) }],
  ["wide", { dtype: "F32", shape: [1, 3], data: values }],
  ["brain", { dtype: "BF16", shape: [3, 1], data: f32ToBf16(values) }],
  ["none", { dtype: "F32", shape: [0, 4], data: new Float32Array(0) }],
]);

describe("what is written is read", () => {
  for (const [name, source] of [
    ["bytes", fromBytes(writeSafetensors(sample))],
    ["a Node buffer", fromBytes(Buffer.from(writeSafetensors(sample)))],
    ["a blob", fromBlob(new Blob([writeSafetensors(sample)]))],
  ] as const) {
    test(`from ${name}`, async () => {
      const entries = await readHeader(source);
      expect([...entries.keys()].sort()).toEqual(["brain", "half", "none", "wide"]);
      for (const [key, tensor] of entries) {
        expect(tensor.shape).toEqual(sample.get(key)?.shape);
        expect([...(await readTensor(source, tensor))]).toEqual(key === "none" ? [] : [...values]);
        expect((await readRaw(source, tensor)).length).toBe(sample.get(key)?.data.byteLength);
      }
    });
  }

  test("data begins at a multiple of 8 and f32 stays aligned", async () => {
    for (const length of [1, 2, 3, 4, 5, 6, 7, 8]) {
      const tensors = new Map<string, TensorData>([
        ["a".repeat(length), { dtype: "F16", shape: [1], data: new Uint16Array(1) }],
        ["z", { dtype: "F32", shape: [1], data: new Float32Array(1) }],
      ]);
      const entries = await header(writeSafetensors(tensors));
      expect((entries.get("z")?.offset ?? 1) % 8).toBe(0);
    }
  });
});

describe("hostile files are refused", () => {
  const cases: [string, Uint8Array, string][] = [
    ["empty", new Uint8Array(0), "file/truncated"],
    ["shorter than its length field", new Uint8Array(5), "file/truncated"],
    ["header longer than the file", craft("{}", 0, 50n), "file/truncated"],
    ["header of 2^63 bytes", craft("{}", 0, 1n << 63n), "file/malformed"],
    ["header above 100 MB", craft("{}", 0, 100_000_001n), "file/malformed"],
    ["header that is not JSON", craft("{nope", 0), "file/malformed"],
    ["header that is an array", craft("[]", 0), "file/malformed"],
    ["header that is not UTF-8", Uint8Array.from([2, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xfe]), "file/malformed"],
    ["data cut short", craft({ a: entry(0, 8) }, 7), "file/truncated"],
    ["data after the last tensor", craft({ a: entry(0, 8) }, 9), "file/malformed"],
    ["a hole", craft({ a: entry(0, 4), b: entry(8, 12) }, 12), "file/malformed"],
    ["a hole at the start", craft({ a: entry(4, 8) }, 8), "file/malformed"],
    ["an overlap", craft({ a: entry(0, 8), b: entry(4, 12) }, 12), "file/malformed"],
    ["two tensors at one place", craft({ a: entry(0, 4), b: entry(0, 4) }, 4), "file/malformed"],
    ["offsets backwards", craft({ a: entry(8, 0, [0]) }, 8), "file/malformed"],
    ["shape that disagrees", craft({ a: entry(0, 8, [3]) }, 8), "file/malformed"],
    ["shape that overflows", craft({ a: entry(0, 0, [2 ** 32, 2 ** 32]) }, 0), "file/malformed"],
    ["negative size", craft({ a: entry(0, 8, [-2]) }, 8), "file/malformed"],
    ["unknown dtype", craft({ a: entry(0, 8, [2], "Q9") }, 8), "file/malformed"],
    ["metadata that is not strings", craft({ __metadata__: { a: 1 } }, 0), "file/malformed"],
    ["a name twice", craft('{"a":{"dtype":"U8","shape":[0],"data_offsets":[0,0]},"\\u0061":{}}', 0), "file/malformed"],
    ["a field twice", craft('{"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}}', 0), "file/malformed"],
  ];
  for (const [name, file, code] of cases) {
    test(name, async () => {
      await expect(header(file)).rejects.toMatchObject({ code });
    });
  }
});

test("__proto__ is a name like any other", async () => {
  const file = craft(`{"__proto__":${JSON.stringify(entry(0, 4))},"constructor":${JSON.stringify(entry(4, 8))}}`, 8);
  const entries = await header(file);
  expect([...entries.keys()]).toEqual(["__proto__", "constructor"]);
  expect(({} as Record<string, unknown>)["dtype"]).toBeUndefined();
});

test("an integer tensor has raw bytes but no floats", async () => {
  const source = fromBytes(craft({ a: entry(0, 4, [4], "U8") }, 4));
  const tensor = (await readHeader(source)).get("a");
  if (!tensor) throw new Error("no entry");
  expect(await readRaw(source, tensor)).toHaveLength(4);
  await expect(readTensor(source, tensor)).rejects.toMatchObject({ code: "file/malformed" });
});
