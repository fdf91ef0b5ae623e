/** A base's licence from the Hub's listing into the card of what is made of it, and into the look before a push. */
import { afterEach, beforeEach, expect, test } from "vitest";
import { nodeCages } from "@/eval/sandbox/node-cage";
import { createSandbox } from "@/eval/sandbox/sandbox";
import { startHub, type TestHub } from "@/hub/loopback-hub";
import { tinyFiles } from "@/hub/test-model";
import { chooseTarget } from "@/session/choose-target";
import type { Session } from "@/session/contract";
import { createSession } from "@/session/session";
import { memoryLocks } from "@/storage/locks";
import { memoryFiles } from "@/storage/memory-files";
import { memoryRecords } from "@/storage/records";

const TOKEN = "hf_mayWrite";
let hub: TestHub;
let session: Session;
beforeEach(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "write" });
  const target = chooseTarget("cpu", undefined);
  const models = memoryFiles();
  session = createSession({
    openTarget: () => target,
    runs: async () => ({ records: memoryRecords(), files: memoryFiles(), locks: memoryLocks() }),
    jobs: async () => memoryRecords(),
    bundled: () => Promise.reject(new Error("nothing bundled is needed")),
    files: async () => models,
    exports: { folder: async () => memoryFiles(), room: async () => null },
    sandbox: () => createSandbox(nodeCages()),
    onnxruntime: () => import("onnxruntime-web/wasm"),
    hub: { endpoint: hub.url },
  });
});
afterEach(async () => {
  await session.release();
  await hub.close();
});

const open = () => session.openModel({ kind: "hub", reference: "hf:tiny/base" }, () => {});

async function cardOfExport() {
  const outline = await session.planExport({ format: "safetensors", quant: "f32" });
  const files = await session.companions(outline, null);
  const card = files.find(({ name }) => name === "README.md");
  const ask = { repo: "me/tuned", isPublic: true, update: false, token: TOKEN };
  const view = await session.checkPush(ask, files);
  return { card: (await card?.blob.text()) ?? "", view };
}

test("goes into the card, and is remembered with the Hub gone", async () => {
  hub.repos.set("tiny/base", { files: tinyFiles(), license: "apache-2.0" });
  await open();
  const { card, view } = await cardOfExport();
  expect(card).toContain("\nlicense: apache-2.0\n");
  expect(view).toMatchObject({ forbids: null, notes: [] });
  hub.faults.statuses = [500];
  await open();
  expect((await cardOfExport()).card).toContain("\nlicense: apache-2.0\n");
});

test("one that forbids changed versions is told before a push", async () => {
  hub.repos.set("tiny/base", { files: tinyFiles(), license: "cc-by-nc-nd-4.0" });
  await open();
  expect((await cardOfExport()).view.forbids).toContain("cc-by-nc-nd-4.0, does not allow");
});

test("one that changed at the same commit is the new one", async () => {
  const repo: { files: ReadonlyMap<string, Buffer>; license?: string } = { files: tinyFiles() };
  hub.repos.set("tiny/base", repo);
  await open();
  expect((await cardOfExport()).view.notes.join()).toContain("names no licence");
  repo.license = "gemma";
  await open();
  expect((await cardOfExport()).view.notes.join()).toContain("terms of use");
});

test.each([[["mit", "apache-2.0"]], [{ name: "mit" }], ["mit\n---\nevil: 1"], [""], [7]])(
  "%j names no licence, and stops nothing",
  async (license) => {
    hub.repos.set("tiny/base", { files: tinyFiles(), license });
    await open();
    const { card, view } = await cardOfExport();
    expect(card).not.toMatch(/^(license|evil):/m);
    expect(view.notes.join()).toContain("names no licence");
  },
);
