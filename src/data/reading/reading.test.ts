import { gzipSync, strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import type { DataFault } from "@/worker/api/data";
import type { DataRecord } from "../reader";
import { fileOfSource, openReader, type ReadOptions } from "./open";

const bytes = (text: string) => new TextEncoder().encode(text);

/** Everything of a file; `piece` cuts it into pieces of so many bytes, to see borders everywhere. */
async function read(content: string | Uint8Array, name = "data.jsonl", options: ReadOptions = {}, piece?: number) {
  const whole = typeof content === "string" ? bytes(content) : content;
  const file = fileOfSource(name, fromBytes(whole));
  const cut = async function* () {
    for (let at = 0; at < whole.length; at += piece ?? 1) yield Uint8Array.from(whole.subarray(at, at + (piece ?? 1)));
  };
  const files = piece ? [{ name, bytes: { size: whole.length, pieces: cut } }] : [file];
  const records: DataRecord[] = [];
  const faults: DataFault[] = [];
  const notes: string[] = [];
  const columns: string[] = [];
  let done = 0;
  for await (const batch of openReader(name, files, options).batches()) {
    records.push(...batch.records);
    faults.push(...batch.faults);
    notes.push(...(batch.notes ?? []));
    columns.push(...(batch.columns ?? []));
    done = batch.done;
  }
  return {
    ...{ records, faults, notes, columns, done, size: whole.length },
    values: records.map(({ value }) => value),
    lines: records.map(({ line }) => line),
  };
}

describe("JSON Lines", () => {
  const text = '\uFEFF{"a":1}\r\n\r\n{oops}\n{"a":"ä😀"}\n{"a":"\0"}\n{"a":3}';
  for (const piece of [undefined, 1, 3, 7]) {
    test(`keeps good rows and names the lines of bad ones, in pieces of ${piece ?? "any size"}`, async () => {
      const { lines, faults, values, done, size } = await read(text, "x.jsonl", {}, piece);
      expect(lines).toEqual([1, 4, 6]);
      expect(values[1]).toEqual({ a: "ä😀" });
      expect(faults).toEqual([
        { line: 3, message: "The line is not valid JSON." },
        { line: 5, message: "The line holds NUL bytes." },
      ]);
      expect(done).toBe(size);
    });
  }

  test("is known by its content where the name is .json or says nothing", async () => {
    expect((await read('{"a":1}\n{"a":2}\n', "data.json")).lines).toEqual([1, 2]);
    expect((await read('{"a":1}\n{"a":2}\n', "data")).lines).toEqual([1, 2]);
  });

  test("files of one set are read one after another", async () => {
    const files = ["a", "b"].map((x) => fileOfSource(`${x}.jsonl`, fromBytes(bytes(`{"x":"${x}"}\n`))));
    const seen: unknown[] = [];
    for await (const { records } of openReader("set", files).batches()) seen.push(...records.map(({ value }) => value));
    expect(seen).toEqual([{ x: "a" }, { x: "b" }]);
  });
});

describe("a JSON array", () => {
  const text = ' [\n{"a":"[,]\\"{"},\n{"a":{"b":[1,2]}}, 3]';
  for (const piece of [undefined, 1, 5]) {
    test(`gives its elements, numbered, in pieces of ${piece ?? "any size"}`, async () => {
      expect((await read(text, "data.json", {}, piece)).records).toEqual([
        { line: 1, value: { a: '[,]"{' } },
        { line: 2, value: { a: { b: [1, 2] } } },
        { line: 3, value: 3 },
      ]);
    });
  }
  test("keeps its good elements around a bad one, and before its end", async () => {
    const { lines, faults } = await read('[\n{"a":1},\n{"a" 2},{"a":3}', "data.json");
    expect(lines).toEqual([1]);
    expect(faults.map(({ line }) => line)).toEqual([2, 3]);
  });
  test("of nothing is no fault; what never closes is one", async () => {
    expect((await read("[]", "data.json")).faults).toEqual([]);
    await expect(read("[ {", "data.json")).rejects.toMatchObject({ code: "dataset/malformed" });
  });
});

describe("a table", () => {
  const text = 'prompt,completion\r\n"a, ""b""","c\nd"\r\ne,f\r\n\r\ng\r\nh,ï\r\n';
  for (const piece of [undefined, 1, 6]) {
    test(`keeps quoted commas, quotes and line breaks, in pieces of ${piece ?? "any size"}`, async () => {
      const { values, lines, faults, columns } = await read(text, "t.csv", {}, piece);
      expect(values).toEqual([
        { prompt: 'a, "b"', completion: "c\nd" },
        { prompt: "e", completion: "f" },
        { prompt: "h", completion: "ï" },
      ]);
      expect(lines).toEqual([2, 4, 7]);
      expect(faults).toEqual([{ line: 6, message: "The line has 1 cells, the header 2." }]);
      expect(columns).toEqual(["prompt", "completion"]);
    });
  }
  test("an unclosed quote spoils its own line only", async () => {
    const { lines, faults } = await read('prompt,completion\na,b\n"c,d\ne,f\ng,h', "t.csv");
    expect(lines).toEqual([2, 4, 5]);
    expect(faults).toEqual([{ line: 3, message: "A quote is opened here and never closed." }]);
  });
  test("has tabs in .tsv, and guesses semicolons", async () => {
    expect((await read("text\tlabel\na,b\tc\n", "t.tsv")).values).toEqual([{ text: "a,b", label: "c" }]);
    expect((await read("prompt;completion\na;b\n", "t.csv")).values).toEqual([{ prompt: "a", completion: "b" }]);
  });
});

describe("archives", () => {
  const rows = '{"a":1}\n{"a":2}\n';
  test("zip: every readable file in turn, hidden ones and others left out", async () => {
    const zip = zipSync({
      "data/one.jsonl": strToU8(rows),
      "data/two.csv": strToU8("a\n3\n"),
      "__MACOSX/data/._one.jsonl": strToU8("junk"),
      "readme.md": strToU8("# hi"),
    });
    const { values, notes } = await read(zip, "data.zip");
    expect(values).toEqual([{ a: 1 }, { a: 2 }, { a: "3" }]);
    expect(notes).toEqual(["Not read in the archive: readme.md."]);
    expect((await read(zip, "data.zip", {}, 7)).values).toEqual(values);
  });
  test("gzip", async () => {
    expect((await read(gzipSync(strToU8(rows)), "data.jsonl.gz")).values).toEqual([{ a: 1 }, { a: 2 }]);
  });
  test("an archive that breaks off keeps what came before", async () => {
    const zip = zipSync({ "a.jsonl": strToU8(rows), "b.jsonl": [strToU8(rows.repeat(2000)), { level: 0 }] });
    const { records, notes } = await read(zip.slice(0, zip.length / 2), "data.zip");
    expect(records.length).toBeGreaterThan(2);
    expect(notes.join()).toMatch(/b\.jsonl: it breaks off/);
    const gz = gzipSync(strToU8(rows.repeat(20000)), { level: 1 });
    expect((await read(gz.slice(0, gz.length - 40), "data.jsonl.gz")).records.length).toBeGreaterThan(2);
  });
});
