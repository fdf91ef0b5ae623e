import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { chooseQuant, type ExportPlan, type PlannedFile, plainFile } from "@/export/format";
import { checkFileName, fileStem, writeExport } from "@/export/write";
import { diskFiles } from "@/storage/disk-files";
import { storeSink } from "@/storage/export-sink";
import { memoryFiles } from "@/storage/memory-files";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

const plan = (...files: PlannedFile[]): ExportPlan => ({ format: "gguf", quant: "f16", files, notes: [] });
const unknown = async () => null;

async function onDisk() {
  const folder = await mkdtemp(join(tmpdir(), "burnish-export-"));
  folders.push(folder);
  return { folder, sink: storeSink(folder, async (inner) => diskFiles(join(folder, inner)), unknown) };
}

const failing = (name: string): PlannedFile => ({
  name,
  bytes: 4,
  async *chunks() {
    yield new Uint8Array(2);
    throw new Error("the base went away");
  },
});

describe("an export", () => {
  test("has all its files, folders too, and nothing else", async () => {
    const { folder, sink } = await onDisk();
    const seen: number[] = [];
    await writeExport(plan(plainFile("a.json", "{}"), plainFile("onnx/model.onnx", "12345")), sink, {
      onProgress: (done, total) => seen.push(done / total),
    });
    expect((await readdir(folder)).sort()).toEqual(["a.json", "onnx"]);
    expect(await readFile(join(folder, "onnx", "model.onnx"), "utf8")).toBe("12345");
    expect(seen.at(-1)).toBe(1);
  });

  test("that fails leaves nothing, and what was there before", async () => {
    const { folder, sink } = await onDisk();
    await writeExport(plan(plainFile("a.json", "before")), sink);
    await expect(writeExport(plan(plainFile("a.json", "after"), failing("b")), sink)).rejects.toThrow("went away");
    expect(await readdir(folder)).toEqual(["a.json"]);
    expect(await readFile(join(folder, "a.json"), "utf8")).toBe("before");
  });

  test("that fills the disk says so, and leaves nothing", async () => {
    const store = memoryFiles(5);
    const sink = storeSink("memory", async () => store, unknown);
    await expect(writeExport(plan(plainFile("a", "123"), plainFile("b", "456")), sink)).rejects.toMatchObject({
      code: "storage/full",
    });
    expect(await store.list()).toEqual([]);
  });

  test("that cannot fit is refused before a byte is written", async () => {
    const store = memoryFiles();
    let opened = false;
    const folderOf = async () => {
      opened = true;
      return store;
    };
    const sink = storeSink("memory", folderOf, async () => 5);
    await expect(writeExport(plan(plainFile("a", "123456")), sink)).rejects.toMatchObject({ code: "storage/full" });
    expect(opened).toBe(false);
  });

  test("that is stopped leaves nothing", async () => {
    const store = memoryFiles();
    const sink = storeSink("memory", async () => store, unknown);
    const control = new AbortController();
    const options = { signal: control.signal, onProgress: () => control.abort() };
    const files = plan(plainFile("a", "1"), plainFile("b", "2"));
    await expect(writeExport(files, sink, options)).rejects.toMatchObject({ code: "run/stopped" });
    expect(await store.list()).toEqual([]);
  });

  test("whose file is not as long as planned is a fault", async () => {
    const sink = storeSink("memory", async () => memoryFiles(), unknown);
    await expect(writeExport(plan({ ...plainFile("a", "1"), bytes: 2 }), sink)).rejects.toThrow("2 were planned");
  });
});

describe("names", () => {
  test.each(["../a", "/a", "a//b", "a/../b", "C:\\a", "a\0", ".hidden", "nul.gguf", "a.", "", "é", "x".repeat(201)])(
    "%j is none",
    (name) => expect(() => checkFileName(name)).toThrow(/cannot be the name/),
  );
  test.each([
    ["hf-org/My Model", "My-Model"],
    ["bundled:ember", "ember"],
    ["/home/me/Smol LM.Q4_1.gguf", "Smol-LM.Q4_1"],
    ["../..", "model"],
  ])("%s becomes %s", (name, stem) => {
    expect(fileStem(name)).toBe(stem);
    expect(checkFileName(fileStem(name))).toBe(stem);
  });
});

test("a format has its quantisations only", () => {
  expect(chooseQuant("gguf", undefined)).toBe("q8_0");
  expect(chooseQuant("gguf", "Q4_K_M")).toBe("q4_k_m");
  expect(chooseQuant("peft", undefined)).toBe(null);
  expect(() => chooseQuant("safetensors", "q4_0")).toThrow(/cannot be written as q4_0/);
});
