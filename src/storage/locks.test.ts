import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { diskLocks } from "@/storage/disk-locks";
import { memoryLocks } from "@/storage/locks";

const folder = mkdtempSync(join(tmpdir(), "locks-"));

it.each([
  ["memory", memoryLocks()],
  ["disk", diskLocks(folder)],
])("%s: one holder at a time, until it lets go", async (_, locks) => {
  const letGo = await locks.hold("run");
  expect(letGo).not.toBeNull();
  expect(await locks.held("run")).toBe(true);
  expect(await locks.hold("run")).toBeNull();
  expect(await locks.held("other")).toBe(false);
  letGo?.();
  expect(await locks.held("run")).toBe(false);
  expect(await locks.hold("run")).not.toBeNull();
});

it("a lock whose process is gone is nobody's", async () => {
  const dead = mkdtempSync(join(tmpdir(), "locks-"));
  writeFileSync(join(dead, "run.lock"), "999999999");
  expect(await diskLocks(dead).held("run")).toBe(false);
  expect(await diskLocks(dead).hold("run")).not.toBeNull();
  rmSync(dead, { recursive: true });
  rmSync(folder, { recursive: true });
});
