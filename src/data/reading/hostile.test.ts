/** Files that mean harm, or that only look so: time and memory stay bounded, the finding is clear, good rows are kept. */
import { strToU8, zipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { fromBytes } from "@/files/byte-source";
import type { DataFault } from "@/worker/api/data";
import { fileOfSource, openReader } from "./open";

type Pieces = () => AsyncIterable<Uint8Array<ArrayBuffer>>;

async function read(name: string, content: Uint8Array | string | Pieces) {
  const bytes = typeof content === "string" ? strToU8(content) : content;
  const file =
    typeof bytes === "function"
      ? { name, bytes: { size: 0, pieces: bytes } }
      : fileOfSource(name, fromBytes(Uint8Array.from(bytes)));
  const values: unknown[] = [];
  const faults: DataFault[] = [];
  const notes: string[] = [];
  for await (const batch of openReader(name, [file]).batches()) {
    for (const { value } of batch.records) values.push(value);
    for (const fault of batch.faults) faults.push(fault);
    notes.push(...(batch.notes ?? []));
  }
  return { values, faults, notes };
}

/** Of this process: a busy machine does not count. */
function cpuSeconds(): () => number {
  const before = process.cpuUsage();
  return () => process.cpuUsage(before).user / 1e6;
}

const GOOD = '{"text":"good"}';

test("a line of a gigabyte is passed over, and takes no memory of its size", async () => {
  const filler = new Uint8Array(1 << 20).fill(120);
  const before = process.memoryUsage().rss;
  let peak = 0;
  const { values, faults } = await read("a.jsonl", async function* () {
    yield strToU8(`${GOOD}\n{"text":"`) as Uint8Array<ArrayBuffer>;
    for (let i = 0; i < 1024; i++) {
      yield filler;
      if (i % 64 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    }
    yield strToU8(`"}\n${GOOD}`) as Uint8Array<ArrayBuffer>;
  });
  expect(values).toEqual([{ text: "good" }, { text: "good" }]);
  expect(faults).toEqual([{ line: 2, message: "The line is longer than 8000000 bytes." }]);
  expect(peak - before).toBeLessThan(200e6);
});

test("depth bombs, in lines and in arrays", async () => {
  const deep = `{"text":${"[".repeat(2e5)}${"]".repeat(2e5)}}`;
  for (const [name, text] of [
    ["a.jsonl", `${GOOD}\n${deep}\n${GOOD}`],
    ["a.json", `[${GOOD},${deep},${GOOD}]`],
  ] as const) {
    const { values, faults } = await read(name, text);
    expect(values).toHaveLength(2);
    expect(faults).toEqual([{ line: 2, message: "The row is nested more than 64 deep." }]);
  }
});

describe("columns that reach for a prototype", () => {
  test("in JSON, at any depth", async () => {
    const { values, notes } = await read(
      "a.jsonl",
      '{"__proto__":{"text":"x"},"constructor":1,"m":[{"__proto__":{"y":1},"z":2}]}',
    );
    expect(values).toEqual([{ constructor: 1, m: [{ z: 2 }] }]);
    expect(notes.join()).toMatch(/__proto__ was left out/);
    expect(({} as { text?: string }).text).toBeUndefined();
  });
  test("in a table", async () => {
    const { values, notes } = await read("a.csv", "__proto__,constructor,text\na,b,c\n");
    expect(Object.entries(values[0] as object)).toEqual([
      ["constructor", "b"],
      ["text", "c"],
    ]);
    expect(Object.getPrototypeOf(values[0])).toBeNull();
    expect(notes.join()).toMatch(/__proto__ was left out/);
  });
});

test("a table of ten thousand columns keeps those that somebody reads", async () => {
  const names = [...Array.from({ length: 9998 }, (_, i) => `c${i}`), "prompt", "completion"];
  const row = names.map((_, i) => `v${i}`).join(",");
  const { values, faults, notes } = await read("a.csv", `${names.join(",")}\n${`${row}\n`.repeat(50)}`);
  expect(values).toHaveLength(50);
  expect(values[0]).toEqual({ prompt: "v9998", completion: "v9999" });
  expect([faults, notes.length]).toEqual([[], 1]);
  expect(notes[0]).toMatch(/10000 columns/);
});

test("a zip bomb is stopped at a multiple of its size, and the files around it are read", async () => {
  const bomb = zipSync({
    "a.jsonl": strToU8(`${GOOD}\n`),
    "bomb.jsonl": [new Uint8Array(64 << 20), { level: 6 }],
    "z.jsonl": strToU8(`${GOOD}\n`),
  });
  expect(bomb.length).toBeLessThan(100_000);
  const seconds = cpuSeconds();
  const { values, notes } = await read("bomb.zip", bomb);
  expect(values).toEqual([{ text: "good" }, { text: "good" }]);
  expect(notes).toEqual(["bomb.jsonl: it unpacks to more than 200 times its size, as no data does; it was stopped."]);
  expect(seconds()).toBeLessThan(3);
}, 30_000);

describe("encodings", () => {
  const text = '{"text":"Größe 你好"}\n{"text":"two"}\n';
  const utf16 = (little: boolean, mark: boolean) => {
    const units = [...(mark ? "\uFEFF" : ""), ...text].flatMap((c) => [c.charCodeAt(0)]);
    const bytes = new Uint8Array(units.length * 2);
    units.forEach((unit, i) => {
      new DataView(bytes.buffer).setUint16(2 * i, unit, little);
    });
    return bytes;
  };
  for (const little of [true, false]) {
    for (const mark of [true, false]) {
      test(`UTF-16 ${little ? "LE" : "BE"} ${mark ? "with" : "without"} a mark is read as such`, async () => {
        const { values, faults, notes } = await read("a.jsonl", utf16(little, mark));
        expect(values).toEqual([{ text: "Größe 你好" }, { text: "two" }]);
        expect([faults, notes]).toEqual([[], [`The file is UTF-16${little ? "LE" : "BE"}; it was read as such.`]]);
      });
    }
  }
  test("lines of Latin-1 are faults of their own", async () => {
    const latin = Uint8Array.from(Buffer.from('{"text":"Größe"}\n{"text":"two"}\n', "latin1"));
    const { values, faults } = await read("a.jsonl", latin);
    expect(values).toEqual([{ text: "two" }]);
    expect(faults).toEqual([{ line: 1, message: "The line is not UTF-8; the file may be Latin-1." }]);
    const table = await read("a.csv", Uint8Array.from(Buffer.from("text,n\nGröße,1\ntwo,2\n", "latin1")));
    expect(table.values).toEqual([{ text: "two", n: "2" }]);
    expect(table.faults).toEqual([{ line: 2, message: "The line is not UTF-8; the file may be Latin-1." }]);
  });
  test("a replacement character that is really there is no fault", async () => {
    expect((await read("a.csv", "text\nx\ufffdy\n")).values).toEqual([{ text: "x\ufffdy" }]);
  });
});

test("half characters are refused, whole ones are not", async () => {
  const { values, faults } = await read(
    "a.jsonl",
    '{"text":"\\ud83d"}\n{"text":"\\ud83d\\ude00"}\n{"m":[{"c":"\\ude00"}]}',
  );
  expect(values).toEqual([{ text: "😀" }]);
  expect(faults.map(({ line }) => line)).toEqual([1, 3]);
  expect(faults[0]?.message).toBe("The row holds half a character (a lone surrogate).");
});

test("a table that is one quote costs bounded time", async () => {
  const seconds = cpuSeconds();
  const { values } = await read("a.csv", `text\n"${`${"x".repeat(999)}\n`.repeat(12_000)}`);
  expect(values.length).toBe(11_999);
  expect(seconds()).toBeLessThan(5);
});
