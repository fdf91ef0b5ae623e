import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { tuningStore } from "@/session/tuning";
import { diskRecords } from "@/storage/disk-records";
import { memoryRecords } from "@/storage/records";

const KEY = "products NVIDIA hopper: 5/6 (a card's name) abc123";

test("what was measured is found by the next session, under its own key only", async () => {
  const records = memoryRecords();
  await tuningStore(async () => records).set(KEY, "answers");
  const later = tuningStore(async () => records);
  expect(await later.get(KEY)).toBe("answers");
  expect(await later.get(`${KEY} `)).toBeUndefined();
});

test("on disk it outlives the process; a file broken by hand counts as none and is written anew", async () => {
  const folder = await mkdtemp(join(tmpdir(), "burnish-tuning-"));
  const session = () => tuningStore(async () => diskRecords(folder));
  try {
    await session().set(KEY, "answers");
    expect(await session().get(KEY)).toBe("answers");
    const [file = ""] = await readdir(folder);
    for (const broken of ["{", "[]", '{"key":1,"value":"x"}', '{"key":"another","value":"x"}', ""]) {
      await writeFile(join(folder, file), broken);
      expect(await session().get(KEY), broken).toBeUndefined();
    }
    await session().set(KEY, "again");
    expect(await session().get(KEY)).toBe("again");
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("a place that cannot be used costs nothing but the memory of it", async () => {
  const closed = tuningStore(() => Promise.reject(new Error("a private window")));
  await closed.set(KEY, "answers");
  expect(await closed.get(KEY)).toBeUndefined();
  const full = tuningStore(async () => ({ ...memoryRecords(), put: () => Promise.reject(new Error("no room")) }));
  await full.set(KEY, "answers");
  expect(await full.get(KEY)).toBeUndefined();
});
