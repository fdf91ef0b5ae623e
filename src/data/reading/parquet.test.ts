/** Files that pyarrow wrote: one as the Hub's converter does (datasets' to_parquet, Snappy), the others in each codec. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { type ByteSource, fromBytes } from "@/files/byte-source";
import { fileOfSource, openReader } from "./open";

const fixture = (name: string) =>
  Uint8Array.from(readFileSync(new URL(`../../../e2e/fixtures/data/${name}`, import.meta.url)));

async function read(source: ByteSource) {
  const all = { values: [] as unknown[], lines: [] as number[], faults: [] as unknown[], columns: [] as string[] };
  for await (const { records, faults, columns } of openReader("p", [fileOfSource("p.parquet", source)]).batches()) {
    all.values.push(...records.map(({ value }) => value));
    all.lines.push(...records.map(({ line }) => line));
    all.faults.push(...faults);
    all.columns.push(...(columns ?? []));
  }
  return all;
}

test("conversations, by range, and of the columns only those that a trainer reads", async () => {
  const whole = fromBytes(fixture("messages.parquet"));
  let bytes = 0;
  const { values, lines, columns } = await read({
    size: whole.size,
    read: (offset, length) => {
      bytes += length;
      return whole.read(offset, length);
    },
  });
  expect(values).toHaveLength(250);
  expect(lines.at(-1)).toBe(250);
  expect(columns).toEqual(["messages", "id", "extra"]);
  expect(values[3]).toEqual({
    messages: [
      { role: "user", content: "q 3 ä" },
      { role: "assistant", content: "a 3" },
    ],
  });
  expect(bytes).toBeLessThan(3 * whole.size);
});

for (const codec of ["none", "zstd", "gzip", "brotli"]) {
  test(`${codec}, in row groups, with a null`, async () => {
    const { values, faults } = await read(fromBytes(fixture(`pairs-${codec}.parquet`)));
    expect(faults).toEqual([]);
    expect(values).toHaveLength(40);
    expect(values[6]).toEqual({ prompt: "q 6", completion: "a 6" });
    expect((values[7] as { completion?: unknown }).completion ?? null).toBeNull();
  });
}

test("a page of kilobytes that unpacks to 200 MB is refused before it is unpacked", async () => {
  const { values, faults } = await read(fromBytes(fixture("bomb.parquet")));
  expect(values).toEqual([]);
  expect(JSON.stringify(faults)).toMatch(/claims to unpack to|unpacks to/);
});

/** pairs-none.parquet: 15 values in each page of the first group, written as 0x1e; 0x7e says 63, 0x1f says -16. */
for (const [what, offset] of [
  ["dictionary", 14],
  ["data", 138],
] as const) {
  for (const lie of [0x7e, 0x1f]) {
    test(`a ${what} page that lies about its values (${lie}) costs its row group only`, async () => {
      const bytes = fixture("pairs-none.parquet");
      expect(bytes[offset]).toBe(0x1e);
      bytes[offset] = lie;
      const { values, faults, lines } = await read(fromBytes(bytes));
      expect(JSON.stringify(faults)).toMatch(/pages claim/);
      expect(values).toHaveLength(25);
      expect(lines[0]).toBe(16);
    });
  }
}

test("what is cut off, or claims an endless footer, is told", async () => {
  const whole = fixture("messages.parquet");
  const cut = whole.slice(0, whole.length - 100);
  await expect(read(fromBytes(cut))).rejects.toMatchObject({ code: "dataset/malformed" });
  const lying = whole.slice();
  new DataView(lying.buffer).setUint32(lying.length - 8, 0x7fffffff, true);
  await expect(read(fromBytes(lying))).rejects.toMatchObject({ code: "dataset/malformed" });
});
