/** Models in several files, and models side by side in the store. */
import { beforeEach, describe, expect, test } from "vitest";
import { fromBlob, fromBytes } from "@/files/byte-source";
import { readHeader } from "@/files/safetensors";
import { INDEX_FILE } from "@/files/safetensors-index";
import { memoryFiles } from "@/storage/memory-files";
import { cachedModels, deleteModel } from "./cache";
import { commitOf } from "./loopback-hub";
import { parseReference } from "./reference";
import { sharded, tinyFiles, tinyHub, WEIGHTS } from "./test-model";

const at = tinyHub();

describe("in several files", () => {
  beforeEach(async () => {
    at.repo.files = await sharded(at.repo.files, 3);
  });

  test("every shard of the index comes, and together they are the model", async () => {
    const { files } = await at.load();
    await at.expectWhole({ repo: "", sha: "", files });
    expect(files.map(({ name }) => name).filter((name) => name.endsWith(".safetensors")).length).toBe(3);
    const whole = await readHeader(fromBytes(tinyFiles().get(WEIGHTS) ?? new Uint8Array()));
    const shards = files.filter(({ name }) => name.endsWith(".safetensors"));
    const headers = await Promise.all(shards.map(({ blob }) => readHeader(fromBlob(blob))));
    expect(headers.flatMap((header) => [...header.keys()]).sort()).toEqual([...whole.keys()].sort());
  });

  test("missing shards are named before anything large is fetched", async () => {
    at.repo.files = new Map([...at.repo.files].filter(([name]) => !name.includes("00002")));
    await expect(at.load()).rejects.toMatchObject({
      code: "model/missing-file",
      message: /1 of them.*model-00002-of-00003/,
    });
    expect(at.hub.sent).toBeLessThan(20_000);
  });

  test("an index that leads elsewhere", async () => {
    const evil = JSON.stringify({ weight_map: { a: "../../etc/passwd.safetensors" } });
    at.repo.files = new Map([...at.repo.files, [INDEX_FILE, Buffer.from(evil)]]);
    await expect(at.load()).rejects.toMatchObject({ code: "file/malformed" });
  });
});

describe("kept", () => {
  test("models share content, are listed with sizes, and go one by one", async () => {
    at.hub.repos.set("tiny/twin", { files: new Map([...at.repo.files, ["config.json", Buffer.from("{}")]]) });
    await at.load();
    const { sent } = at.hub;
    await at.load({ reference: "hf:tiny/twin" });
    expect(at.hub.sent - sent).toBe(2);
    const listed = await cachedModels(at.store);
    expect(listed.map(({ reference }) => reference)).toEqual(["hf:tiny/llama", "hf:tiny/twin"]);
    expect(listed[0]).toMatchObject({ bytes: at.total(), total: at.total(), commit: commitOf(at.repo) });
    await deleteModel(at.store, parseReference("tiny/twin"));
    await at.expectWhole(await at.load());
    await deleteModel(at.store, parseReference("tiny/llama"));
    expect(await at.store.list()).toEqual([]);
  });

  test("no room: what could go is named, and the rest comes when there is room", async () => {
    const other = Buffer.alloc(100_000, 3);
    at.hub.repos.set("tiny/other", { files: new Map([["o.gguf", other]]) });
    at.store = memoryFiles(300_000);
    await at.load({ reference: "hf:tiny/other" });
    await expect(at.load()).rejects.toMatchObject({ code: "storage/full", hint: /hf:tiny\/other \(1 MB\)/ });
  });

  test("records that are not records are as if absent", async () => {
    await at.load();
    const record = (await at.store.list()).find(({ name }) => name.endsWith(".json"))?.name ?? "";
    for (const text of ["", "<html>", '{"version":1}']) {
      const writer = await at.store.openWriter(record, 0);
      await writer.write(new TextEncoder().encode(text));
      await writer.close();
      await at.expectWhole(await at.load());
    }
  });
});
