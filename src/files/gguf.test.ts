import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { createRandom } from "@/util/random";
import { fromBytes } from "./byte-source";
import { readGguf } from "./gguf";

const tiny = readFileSync(new URL("../../e2e/fixtures/gguf/tiny.gguf", import.meta.url));

/** Little-endian pieces of a GGUF file. */
const u32 = (value: number) => new Uint8Array(Uint32Array.of(value).buffer);
const u64 = (value: number | bigint) => new Uint8Array(BigUint64Array.of(BigInt(value)).buffer);
const string = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return join(u64(bytes.length), bytes);
};
function join(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

interface Parts {
  readonly version?: number;
  readonly keys?: readonly (readonly [string, number, Uint8Array])[];
  readonly tensors?: readonly {
    name: string;
    sizes: readonly (number | bigint)[];
    type: number;
    offset: number | bigint;
  }[];
  readonly data?: number;
  readonly keyCount?: number | bigint;
  readonly tensorCount?: number | bigint;
  readonly alignment?: number;
}

function build({
  version = 3,
  keys = [],
  tensors = [],
  data = 0,
  alignment = 32,
  ...counts
}: Parts): Uint8Array<ArrayBuffer> {
  const header = join(
    new TextEncoder().encode("GGUF"),
    u32(version),
    u64(counts.tensorCount ?? tensors.length),
    u64(counts.keyCount ?? keys.length),
    ...keys.map(([key, type, value]) => join(string(key), u32(type), value)),
    ...tensors.map(({ name, sizes, type, offset }) =>
      join(string(name), u32(sizes.length), ...sizes.map(u64), u32(type), u64(offset)),
    ),
  );
  return join(header, new Uint8Array((alignment - (header.length % alignment)) % alignment), new Uint8Array(data));
}

const tensor = { name: "a", sizes: [32, 2], type: 8, offset: 0 };

test("what the gguf package writes is read: metadata, shapes outermost first, offsets into the file", async () => {
  const { version, metadata, tensors } = await readGguf(fromBytes(tiny));
  expect(version).toBe(3);
  expect(metadata.get("general.architecture")).toBe("llama");
  expect(metadata.get("llama.rope.freq_base")).toBe(10000);
  expect(metadata.get("tokenizer.ggml.add_bos_token")).toBe(false);
  expect(metadata.get("tokenizer.ggml.tokens")).toHaveLength(400);
  expect(tensors.get("blk.0.ffn_up.weight")).toMatchObject({ type: "Q4_1", shape: [96, 64], bytes: 96 * 2 * 20 });
  const last = [...tensors.values()].at(-1);
  expect((last?.offset ?? 0) + (last?.bytes ?? 0)).toBeLessThanOrEqual(tiny.length);
});

test("every kind of value is read, in version 2 as well", async () => {
  const list = (type: number, ...items: Uint8Array[]) => join(u32(type), u64(items.length), ...items);
  const file = build({
    version: 2,
    keys: [
      ["u8", 0, Uint8Array.of(200)],
      ["i8", 1, Uint8Array.of(200)],
      ["i16", 3, Uint8Array.of(0xfe, 0xff)],
      ["i32", 5, u32(0xffffffff)],
      ["f64", 12, new Uint8Array(Float64Array.of(0.1).buffer)],
      ["yes", 7, Uint8Array.of(1)],
      ["wide", 10, u64(2n ** 63n)],
      ["small", 11, u64(5)],
      ["text", 8, string("\uFEFFé\0")],
      ["nested", 9, list(9, list(4, u32(1), u32(2)), list(8, string("x")))],
      ["general.alignment", 4, u32(64)],
    ],
    tensors: [{ name: "a", sizes: [4], type: 0, offset: 0 }],
    data: 16,
    alignment: 64,
  });
  const { metadata, tensors } = await readGguf(fromBytes(file));
  expect(Object.fromEntries(metadata)).toEqual({
    u8: 200,
    i8: -56,
    i16: -2,
    i32: -1,
    f64: 0.1,
    yes: true,
    wide: 2n ** 63n,
    small: 5,
    text: "\uFEFFé\0",
    nested: [[1, 2], ["x"]],
    "general.alignment": 64,
  });
  expect((tensors.get("a")?.offset ?? 1) % 64).toBe(0);
});

test("a header longer than the first read is read on", async () => {
  const file = build({ keys: [["long", 8, string("x".repeat(9_000_000))]] });
  expect((await readGguf(fromBytes(file))).metadata.get("long")).toHaveLength(9_000_000);
});

describe("hostile files are refused at once", () => {
  const huge = 2n ** 63n;
  const key = (type: number, value: Uint8Array): Parts => ({ keys: [["k", type, value]] });
  const one = (changes: object): Parts => ({ tensors: [{ ...tensor, ...changes }], data: 4096 });
  const deep = (levels: number): Uint8Array =>
    levels === 0 ? join(u32(0), u64(0)) : join(u32(9), u64(1), deep(levels - 1));
  const cases: readonly (readonly [string, string, Parts | Uint8Array<ArrayBuffer>])[] = [
    ["another format", "file/malformed", new TextEncoder().encode("<!doctype html><html>…</html>")],
    ["nothing", "file/truncated", new Uint8Array()],
    ["version 1", "file/malformed", { version: 1 }],
    ["big-endian", "file/malformed", { version: 0x03000000 }],
    ["a million keys", "file/malformed", { keyCount: 1_000_000 }],
    ["2^63 tensors", "file/malformed", { tensorCount: huge }],
    ["more keys than bytes", "file/truncated", { keyCount: 99_999 }],
    ["an endless key", "file/malformed", { keyCount: 1, keys: [["", 8, u64(huge)]] }],
    [
      "a key twice",
      "file/malformed",
      {
        keys: [
          ["k", 4, u32(1)],
          ["k", 4, u32(1)],
        ],
      },
    ],
    ["an endless text", "file/malformed", key(8, u64(huge))],
    ["a text past the end", "file/truncated", key(8, u64(1_000_000))],
    ["a list without end", "file/malformed", key(9, join(u32(4), u64(huge)))],
    ["a list past the end", "file/truncated", key(9, join(u32(12), u64(1_000_000)))],
    ["lists in lists in lists", "file/malformed", key(9, deep(50))],
    ["a list of unknown things", "file/malformed", key(9, join(u32(77), u64(0)))],
    ["a value of an unknown type", "file/malformed", key(13, u32(0))],
    ["a flag that is 2", "file/malformed", key(7, Uint8Array.of(2))],
    ["an odd alignment", "file/malformed", { keys: [["general.alignment", 4, u32(24)]] }],
    ["no alignment", "file/malformed", { keys: [["general.alignment", 4, u32(0)]] }],
    ["a tensor without name", "file/malformed", one({ name: "" })],
    ["a tensor's endless name", "file/malformed", one({ name: "x".repeat(65) })],
    ["a tensor without dimensions", "file/malformed", one({ sizes: [] })],
    ["a tensor of 5 dimensions", "file/malformed", one({ sizes: [32, 1, 1, 1, 1] })],
    ["an empty tensor", "file/malformed", one({ sizes: [32, 0] })],
    ["sizes whose product wraps", "file/truncated", one({ sizes: [32, 2n ** 32n, 2n ** 32n, 2n ** 32n] })],
    ["a row that is no whole number of blocks", "file/malformed", one({ sizes: [33, 2] })],
    ["an unknown type", "file/malformed", one({ type: 250 })],
    ["a type of old", "file/malformed", one({ type: 31 })],
    ["an offset past the end", "file/truncated", one({ offset: huge })],
    ["an offset in the last bytes", "file/truncated", one({ offset: 4064 })],
    ["an offset that is not aligned", "file/malformed", one({ offset: 8 })],
    ["overlapping tensors", "file/malformed", { tensors: [tensor, { ...tensor, name: "b", offset: 64 }], data: 4096 }],
    ["a tensor twice", "file/malformed", { tensors: [tensor, { ...tensor, offset: 128 }], data: 4096 }],
  ];
  test.each(cases)("%s", async (_, code, parts) => {
    const file = parts instanceof Uint8Array ? parts : build(parts);
    const started = performance.now();
    await expect(readGguf(fromBytes(file))).rejects.toMatchObject({ code, hint: expect.stringMatching(/./) });
    expect(performance.now() - started).toBeLessThan(1000);
  });

  test("a real file cut anywhere", async () => {
    for (let size = 0; size < tiny.length; size += 997) {
      await expect(readGguf(fromBytes(tiny.subarray(0, size)))).rejects.toMatchObject({ code: "file/truncated" });
    }
  });

  test("a real file with bytes changed is read or refused, but never breaks", async () => {
    const random = createRandom(3);
    for (let round = 0; round < 300; round++) {
      const file = new Uint8Array(tiny);
      for (let i = 0; i < 4; i++) file[random.below(round % 2 === 0 ? 1500 : 20_000)] = random.below(256);
      await readGguf(fromBytes(file)).catch((error) => {
        expect(error).toMatchObject({ code: expect.stringMatching(/^file\//) });
      });
    }
  });
});
