import { describe, expect, test } from "vitest";
import { readRecords } from "./read";

const lines = (text: string, name = "data.jsonl") => readRecords(text, name).records.map(({ line }) => line);
const faults = (text: string, name = "data.jsonl") => readRecords(text, name).faults.map(({ line }) => line);
const values = (text: string, name = "data.jsonl") => readRecords(text, name).records.map(({ value }) => value);

describe("JSON Lines", () => {
  test("keeps good rows and names the lines of bad ones", () => {
    const text = '\uFEFF{"a":1}\r\n\r\n{oops}\n{"a":2}\n{"a":"\0"}\n{"a":3}';
    expect(lines(text)).toEqual([1, 4, 6]);
    expect(readRecords(text, "x.jsonl").faults).toEqual([
      { line: 3, message: "The line is not valid JSON." },
      { line: 5, message: "The line holds NUL bytes." },
    ]);
  });

  test("passes over a line above the limit without parsing it", () => {
    expect(faults(`{"a":"${"x".repeat(8_000_001)}"}\n{"a":1}\n`)).toEqual([1]);
  });

  test("is known by its content where the name is .json or says nothing", () => {
    expect(lines('{"a":1}\n{"a":2}\n', "data.json")).toEqual([1, 2]);
    expect(lines('{"a":1}\n{"a":2}\n', "data")).toEqual([1, 2]);
  });

  test("__proto__ stays a key of the record", () => {
    const [value] = values('{"__proto__":{"text":"x"}}');
    expect(Object.keys(value as object)).toEqual(["__proto__"]);
    expect((value as { text?: string }).text).toBeUndefined();
    expect(({} as { text?: string }).text).toBeUndefined();
  });
});

describe("a JSON array", () => {
  test("gives its elements, numbered", () => {
    expect(readRecords(' [\n{"a":1},\n{"a":2}]', "data.json").records).toEqual([
      { line: 1, value: { a: 1 } },
      { line: 2, value: { a: 2 } },
    ]);
  });

  test("is refused whole when it is broken, with the line", () => {
    expect(() => readRecords('[\n{"a":1},\n{"a" 2}\n]', "data.json")).toThrow(
      expect.objectContaining({ code: "dataset/malformed", message: "The JSON array is broken at line 3." }),
    );
  });
});

describe("a table", () => {
  test("keeps quoted commas, quotes and line breaks, and counts lines across them", () => {
    const text = 'prompt,completion\r\n"a, ""b""","c\nd"\r\ne,f\r\n\r\ng\r\nh,i\r\n';
    expect(values(text, "t.csv")).toEqual([
      { prompt: 'a, "b"', completion: "c\nd" },
      { prompt: "e", completion: "f" },
      { prompt: "h", completion: "i" },
    ]);
    expect(lines(text, "t.csv")).toEqual([2, 4, 7]);
    expect(readRecords(text, "t.csv").faults).toEqual([{ line: 6, message: "The line has 1 cells, the header 2." }]);
  });

  test("an unclosed quote spoils only what follows it", () => {
    const text = 'prompt,completion\na,b\n"c,d\ne,f\n';
    expect(lines(text, "t.csv")).toEqual([2]);
    expect(faults(text, "t.csv")).toEqual([3]);
  });

  test("has tabs in .tsv, and guesses semicolons", () => {
    expect(values("text\tlabel\na,b\tc\n", "t.tsv")).toEqual([{ text: "a,b", label: "c" }]);
    expect(values("prompt;completion\na;b\n", "t.csv")).toEqual([{ prompt: "a", completion: "b" }]);
  });

  test("a hostile header touches no prototype", () => {
    const [value] = values("__proto__,constructor,text\na,b,c\n", "t.csv");
    expect(Object.entries(value as object)).toEqual([
      ["__proto__", "a"],
      ["constructor", "b"],
      ["text", "c"],
    ]);
  });
});

describe("nothing usable", () => {
  for (const [name, text] of [
    ["a.jsonl", ""],
    ["a.jsonl", "\n \n"],
    ["a.jsonl", "not json\n"],
    ["a.json", "[]"],
    ["a.csv", "prompt,completion\n"],
  ] as const) {
    test(`${name} of ${JSON.stringify(text)}`, () => {
      expect(() => readRecords(text, name)).toThrow(expect.objectContaining({ code: "dataset/empty" }));
    });
  }
});
