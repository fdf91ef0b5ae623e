import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createRunStore, type RunStore } from "@/runs/store";
import { testRecord } from "@/runs/test-record";
import { diskFiles } from "@/storage/disk-files";
import { diskRecords } from "@/storage/disk-records";
import type { FileStore } from "@/storage/files";

let folder: string;
let store: RunStore;
let files: FileStore;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "runs-"));
  files = diskFiles(folder);
  store = createRunStore(diskRecords(folder), files);
});
afterEach(() => rmSync(folder, { recursive: true }));

const bytes = (value: number) => new Uint8Array(8).fill(value);

describe("a store of runs", () => {
  it("gives back what was put, newest first, and says when there is none", async () => {
    await store.put(testRecord({ id: "first", createdAt: 1 }));
    await store.put(testRecord({ id: "second", createdAt: 2 }));
    expect((await store.list()).map(({ id }) => id)).toEqual(["second", "first"]);
    expect((await store.get("first")).recipe.schedule.steps).toBe(100);
    await expect(store.get("third")).rejects.toThrow('There is no run "third"');
  });

  it("keeps the best and the last checkpoint and no other", async () => {
    const record = testRecord({ id: "run1" });
    const losses = [3, 1, 2, 1.5];
    for (const [i, loss] of losses.entries())
      await store.keepCheckpoint(record, (i + 1) * 10, { evalLoss: loss, passRate: null }, bytes(i));
    const saved = await store.get("run1");
    expect(saved.checkpoints.map(({ step }) => step)).toEqual([20, 40]);
    expect(readdirSync(folder).filter((name) => name.endsWith(".safetensors"))).toHaveLength(2);
    const [best] = saved.checkpoints;
    if (!best) throw new Error("no checkpoint");
    expect(await store.readCheckpoint(best)).toEqual(bytes(1));
  });

  it("a checkpoint that was changed or lost is told, never used", async () => {
    const record = testRecord({ id: "run1" });
    await store.keepCheckpoint(record, 10, { evalLoss: null, passRate: null }, bytes(1));
    const [point] = record.checkpoints;
    if (!point) throw new Error("no checkpoint");
    const writer = await files.openWriter(point.file, 0);
    await writer.write(bytes(2));
    await writer.close();
    await expect(store.readCheckpoint(point)).rejects.toThrow("is not what was written");
    await files.delete(point.file);
    await expect(store.readCheckpoint(point)).rejects.toThrow("is gone");
  });

  it("deletes a run with its files, and a broken record hides no other", async () => {
    const record = testRecord({ id: "run1" });
    await store.keepCheckpoint(record, 10, { evalLoss: null, passRate: null }, bytes(1));
    await store.put(testRecord({ id: "run2" }));
    const writer = await files.openWriter("broken.json", 0);
    await writer.write(new TextEncoder().encode("{oh"));
    await writer.close();
    expect(await store.list()).toHaveLength(2);
    await store.delete("run1");
    expect(readdirSync(folder).sort()).toEqual(["broken.json", "run2.json"]);
  });
});
