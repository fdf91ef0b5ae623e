/** One contract for every store that Node can run; the browser's is held to it by e2e/hub.spec.ts. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { diskFiles } from "./disk-files";
import { type FileStore, storageError, writeText } from "./files";
import { memoryFiles } from "./memory-files";

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

async function onDisk(): Promise<FileStore> {
  const folder = await mkdtemp(join(tmpdir(), "burnish-files-"));
  folders.push(folder);
  return diskFiles(join(folder, "made", "later"));
}

const bytes = (text: string) => new TextEncoder().encode(text);
async function write(store: FileStore, name: string, at: number, ...pieces: string[]) {
  const writer = await store.openWriter(name, at);
  for (const piece of pieces) await writer.write(bytes(piece));
  await writer.close();
}
const text = async (store: FileStore, name: string) => (await store.get(name))?.text();

describe.each([
  ["memory", async () => memoryFiles()],
  ["disk", onDisk],
])("%s", (_, make) => {
  test("a new store is empty, and empty is not absent", async () => {
    const store = await make();
    expect(await store.list()).toEqual([]);
    expect(await store.get("a")).toBeNull();
    await store.delete("a");
    await write(store, "a", 0);
    expect((await store.get("a"))?.size).toBe(0);
  });

  test("writing goes on where it stopped, and cuts off what lay behind", async () => {
    const store = await make();
    await write(store, "a", 0, "one ", "two");
    await write(store, "a", 7, " three");
    expect(await text(store, "a")).toBe("one two three");
    await write(store, "a", 4, "2");
    expect(await text(store, "a")).toBe("one 2");
    await write(store, "a", 0, "new");
    expect(await store.list()).toEqual([{ name: "a", size: 3 }]);
    await expect(store.openWriter("a", 4)).rejects.toMatchObject({ code: "storage/failed" });
  });

  test("a rename replaces; what is absent cannot be renamed", async () => {
    const store = await make();
    await write(store, "a.part", 0, "new");
    await write(store, "a", 0, "older");
    await store.rename("a.part", "a");
    expect(await store.list()).toEqual([{ name: "a", size: 3 }]);
    await expect(store.rename("a.part", "a")).rejects.toMatchObject({ code: "storage/failed" });
    await store.delete("a");
    expect(await store.get("a")).toBeNull();
  });

  test("text is written whole or not at all", async () => {
    const store = await make();
    await writeText(store, "a%2Fb.json", "{}");
    expect(await text(store, "a%2Fb.json")).toBe("{}");
    expect((await store.list()).length).toBe(1);
  });

  test.each(["../a", "a/b", "a\\b", "", ".hidden", "a\0", "x".repeat(241)])("%j is no name", async (name) => {
    const store = await make();
    await expect(store.openWriter(name, 0)).rejects.toMatchObject({ code: "internal" });
    await expect(store.get(name)).rejects.toMatchObject({ code: "internal" });
  });
});

test("no room is said as such, whatever the system calls it", async () => {
  const store = memoryFiles(5);
  await write(store, "a", 0, "1234");
  await expect(write(store, "b", 0, "12")).rejects.toMatchObject({ code: "storage/full" });
  for (const cause of [{ code: "ENOSPC" }, { code: "EDQUOT" }, new DOMException("", "QuotaExceededError")]) {
    expect(storageError("here", "a", cause)).toMatchObject({ code: "storage/full" });
  }
  expect(storageError("here", "a", new DOMException("", "NoModificationAllowedError")).message).toMatch(/Another tab/);
});
