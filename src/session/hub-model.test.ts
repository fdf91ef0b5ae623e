/** The whole way in Node: from the Hub to disk, opened on the CPU, trained, exported; then again with the Hub gone. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { INDEX_FILE } from "@/files/safetensors-index";
import { commitOf, startHub, type TestHub } from "@/hub/loopback-hub";
import { sharded, tinyFiles } from "@/hub/test-model";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { diskExports, diskFiles } from "@/storage/disk-files";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";
import type { ModelSource } from "@/worker/api/sources";

let hub: TestHub;
let cache: string;
let session: Session;
beforeAll(async () => {
  hub = await startHub();
  hub.repos.set("tiny/whole", { files: tinyFiles() });
  hub.repos.set("tiny/shards", { files: await sharded(tinyFiles(), 3) });
  cache = await mkdtemp(join(tmpdir(), "burnish-hub-"));
  const target = chooseTarget("cpu", undefined);
  session = createSession({
    openTarget: () => target,
    runs: async () => ({ records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() }),
    jobs: async () => memoryRecords(),
    bundled: () => Promise.reject(new Error("nothing bundled is needed")),
    files: async () => diskFiles(cache),
    exports: diskExports(join(cache, "exports")),
    sandbox: () => createSandbox(nodeCages()),
    onnxruntime: () => import("onnxruntime-web/wasm"),
    hub: { endpoint: hub.url },
  });
});
afterAll(async () => {
  await session.release();
  await hub.close();
  await rm(cache, { recursive: true });
});

async function answerOf(source: ModelSource): Promise<string> {
  await session.openModel(source, () => {});
  const options = { maxTokens: 12, temperature: 0, seed: 1, adapter: false, chat: false };
  return session.generate("the cat", options, () => {});
}

test("one file, several files and a folder are the same model; the third time needs no Hub", async () => {
  const folder = [...tinyFiles()].map(([name, bytes]) => ({ name, blob: new Blob([new Uint8Array(bytes)]) }));
  const expected = await answerOf({ kind: "files", name: "folder", files: folder });
  expect(await answerOf({ kind: "hub", reference: "hf:tiny/whole" })).toBe(expected);
  expect(await answerOf({ kind: "hub", reference: "tiny/shards" })).toBe(expected);
  const line = { prompt: "the cat", completion: " sat" };
  const rows = new Blob([`${JSON.stringify(line)}\n`.repeat(24)]);
  const train = { name: "rows.jsonl", blob: rows };
  await session.openDataset({ kind: "files", name: "rows", train }, { schedule: { steps: 2 } });
  const result = await session.train({ schedule: { steps: 2 }, data: { accept: ["imbalance"] } }, () => {});
  expect(result.steps).toBe(2);
  const config = (await session.exportAdapter()).find(({ name }) => name === "adapter_config.json");
  const shards = hub.repos.get("tiny/shards");
  expect(JSON.parse((await config?.blob.text()) ?? "")).toMatchObject({
    base_model_name_or_path: "tiny/shards",
    revision: shards && commitOf(shards),
  });
  await hub.close();
  expect(await answerOf({ kind: "hub", reference: "hf:tiny/shards" })).toBe(expected);
  expect((await session.cachedModels()).map(({ reference }) => reference)).toEqual(["hf:tiny/shards", "hf:tiny/whole"]);
});

test("a folder without one of its shards names it", async () => {
  const all = await sharded(tinyFiles(), 3);
  const given = [...all].filter(([name]) => !name.includes("00003"));
  const files = given.map(([name, bytes]) => ({ name, blob: new Blob([new Uint8Array(bytes)]) }));
  expect(given.some(([name]) => name === INDEX_FILE)).toBe(true);
  await expect(session.openModel({ kind: "files", name: "folder", files }, () => {})).rejects.toMatchObject({
    code: "model/missing-file",
    message: expect.stringContaining("model-00003-of-00003.safetensors"),
  });
});
