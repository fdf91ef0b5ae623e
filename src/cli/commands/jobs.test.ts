/** `burnish jobs` as it is typed, against a loopback Hub: nothing is spent without a yes, and no token is written anywhere. */
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { jobs } from "@/cli/commands/jobs";
import { nodePlatform } from "@/cli/node-platform";
import { parseFlags } from "@/cli/parse-flags";
import type { TestHub } from "@/hub/loopback-hub";
import { TIMING } from "@/offload/test-jobs";
import { createSession } from "@/session/session";
import { ask } from "@/session/test-job";
import { startJobHub, TOKEN, work } from "@/session/test-work";

vi.setConfig({ testTimeout: 30_000 });
let hub: TestHub;
let folder: string;
beforeEach(async () => {
  hub = await startJobHub();
  hub.jobs.runner = (job) => void work(hub, job);
  folder = await mkdtemp(join(tmpdir(), "burnish-jobs-"));
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", TOKEN);
  vi.stubEnv("BURNISH_CACHE", join(folder, ".cache"));
  vi.stubEnv("BURNISH_RUNS", join(folder, ".data", "runs"));
  for (const { name, blob } of ask().files) await writeFile(join(folder, name), await blob.text());
  await writeFile(join(folder, "recipe.json"), JSON.stringify(ask().recipe));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

async function burnish(...args: string[]) {
  const said: { type?: string; [name: string]: unknown }[] = [];
  const notes: string[] = [];
  const quiet = () => {};
  const { flags, operands } = parseFlags(jobs, args);
  const terminal = {
    json: true,
    emit: (line: unknown) => said.push(line as (typeof said)[number]),
    note: (line: string) => notes.push(line),
  };
  const session = createSession({ ...nodePlatform("cpu"), jobTiming: TIMING });
  const code = await jobs.run({
    session,
    flags,
    operands,
    terminal: { ...terminal, say: quiet, progress: quiet, clear: quiet, fail: quiet },
  });
  return { code: code ?? 0, said, notes: notes.join("\n") };
}

const submitting = () => ["submit", "--from", folder, "--flavor", "t4-small", "--timeout", "30m"];

test("submit shows what leaves and what it costs, and wants a yes; then logs, list, status, fetch", async () => {
  await expect(burnish(...submitting())).rejects.toMatchObject({
    code: "usage",
    message: /up to .*0\.20 needs a yes/,
    hint: /--yes.*Nothing was sent, started or spent/,
  });
  await expect(burnish(...submitting(), "--yes", "--at-most", "0.1")).rejects.toMatchObject({
    message: /more than --at-most 0.1/,
  });
  expect(hub.jobs.jobs.size).toBe(0);
  const { said, notes } = await burnish(...submitting(), "--yes");
  expect(notes).toMatch(/What leaves this machine:.*8 rows.*costs at most .*0\.20: t4-small for 30 minutes/s);
  expect(said.map(({ type }) => type)).toEqual(["preview", "submitted"]);
  const id = String(said[1]?.id);
  const log = await burnish("logs", id);
  expect(log.code).toBe(0);
  expect(log.said.at(-1)).toMatchObject({ type: "ended", ok: true, step: 3 });
  expect((await burnish("list")).said).toMatchObject([{ type: "job", id, stage: "COMPLETED" }]);
  const out = join(folder, "adapter");
  const [fetched] = (await burnish("fetch", "last", "--out", out)).said;
  expect((await readdir(out)).sort()).toEqual(["adapter_config.json", "adapter_model.safetensors"]);
  expect((await burnish("status", id)).said).toMatchObject([{ type: "job", run: fetched?.run }]);
  for (const file of await readdir(join(folder, ".data"), { recursive: true, withFileTypes: true })) {
    if (file.isFile())
      expect((await readFile(join(file.parentPath, file.name))).includes(TOKEN), file.name).toBe(false);
  }
});

test("a job that fails gives exit code 1; leaving its log stops nothing", async () => {
  hub.jobs.runner = () => {};
  const { said } = await burnish(...submitting(), "--yes");
  const id = String(said[1]?.id);
  const listeners = process.listenerCount("SIGINT");
  const following = burnish("logs", id);
  while (process.listenerCount("SIGINT") === listeners || hub.log.filter((line) => line.endsWith("/logs")).length === 0)
    await new Promise((done) => setTimeout(done, 10));
  process.emit("SIGINT");
  const left = await following;
  expect(left.notes).toMatch(/You left; the job goes on, and costs.*jobs cancel/);
  expect(hub.jobs.jobs.get(id)?.stage).toBe("SCHEDULING");
  await burnish("cancel", id);
  expect((await burnish("logs", id)).code).toBe(1);
});

test("submit without a folder plans, writes the script and sends both", async () => {
  const data = join(folder, "train.jsonl");
  const asked = ["submit", "--model", "hf:test/tiny", "--data", data, "--flavor", "t4-small", "--name", "direct"];
  await expect(burnish(...asked)).rejects.toMatchObject({ code: "usage", message: /needs a yes/ });
  const { said, notes } = await burnish(...asked, "--yes");
  expect(
    said.map(({ type }) => type),
    notes,
  ).toEqual(["preview", "submitted"]);
  const files = [...(hub.buckets.buckets.get("me/burnish-jobs")?.files.keys() ?? [])];
  expect(files.filter((name) => /^direct-.*\/train\.(py|jsonl)$/.test(name))).toHaveLength(2);
});

test("rows that no run here would take leave for no other machine either", async () => {
  const data = join(folder, "train.jsonl");
  const asked = ["submit", "--model", "hf:test/tiny", "--data", data, "--eval", data, "--flavor", "t4-small"];
  await expect(burnish(...asked, "--yes")).rejects.toMatchObject({
    code: "dataset/gate",
    hint: /accept by name.*leakage/,
  });
  expect(hub.jobs.jobs.size).toBe(0);
  await expect(burnish(...asked, "--accept", "leakage")).rejects.toMatchObject({ message: /needs a yes/ });
});

test("a recipe that goes on from an adapter takes it along, or is refused", async () => {
  const recipe = join(folder, "again.json");
  await writeFile(recipe, JSON.stringify({ start: "adapter", schedule: { steps: 3 } }));
  const rows = ["--data", join(folder, "train.jsonl"), "--recipe", recipe];
  const asked = ["submit", "--model", "hf:test/tiny", ...rows, "--flavor", "t4-small", "--name", "again", "--yes"];
  await expect(burnish(...asked)).rejects.toMatchObject({ code: "usage", hint: "Name it: --adapter DIR." });
  expect(hub.jobs.jobs.size).toBe(0);
  const { said } = await burnish(...asked, "--adapter", "e2e/fixtures/llama-gqa/adapter");
  const files = [...(hub.buckets.buckets.get("me/burnish-jobs")?.files.keys() ?? [])];
  expect(files.filter((name) => /^again-[^/]*\/adapter_(config\.json|model\.safetensors)$/.test(name))).toHaveLength(2);
  const job = hub.jobs.jobs.get(String(said[1]?.id));
  expect(job?.spec.command?.join(" ")).toContain(
    "--start /burnish/adapter_config.json /burnish/adapter_model.safetensors",
  );
});
