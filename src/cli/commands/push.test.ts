/** `burnish push` as it is typed: flags, HF_TOKEN and HF_ENDPOINT on this side, a Hub that keeps what arrives on the other. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { pushResult } from "@/cli/commands/push";
import { nodePlatform } from "@/cli/node-platform";
import { parseFlags } from "@/cli/parse-flags";
import { startHub, type TestHub } from "@/hub/loopback-hub";
import { createSession } from "@/session/session";

const TOKEN = "hf_mayWrite";
let hub: TestHub;
let folder: string;
beforeEach(async () => {
  hub = await startHub();
  hub.uploads.accounts.set(TOKEN, { name: "me", role: "write" });
  folder = await mkdtemp(join(tmpdir(), "burnish-push-"));
  vi.stubEnv("HF_ENDPOINT", hub.url);
  vi.stubEnv("HF_TOKEN", TOKEN);
  vi.stubEnv("BURNISH_CACHE", join(folder, ".cache"));
  vi.stubEnv("BURNISH_RUNS", join(folder, ".runs"));
  await mkdir(join(folder, "onnx"));
  await card("apache-2.0");
  await writeFile(join(folder, "onnx", "model.onnx"), "o".repeat(9000));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await hub.close();
  await rm(folder, { recursive: true });
});

const card = (license: string) => writeFile(join(folder, "README.md"), `---\nlicense: ${license}\n---\n\n# Tuned\n`);

async function burnishPush(...args: string[]): Promise<unknown[]> {
  const said: unknown[] = [];
  const quiet = () => {};
  const terminal = { json: true, emit: (line: unknown) => said.push(line) };
  const session = createSession(nodePlatform("cpu"));
  const { flags, operands } = parseFlags(pushResult, ["--from", folder, ...args]);
  await pushResult.run({
    session,
    ...{ flags, operands },
    terminal: { ...terminal, say: quiet, note: quiet, progress: quiet, clear: quiet, fail: quiet },
  });
  return said;
}

test("a folder becomes a private repository, hidden files left out", async () => {
  const [line] = await burnishPush("--repo", "me/tuned");
  expect(line).toMatchObject({ type: "push", repo: "me/tuned", url: `${hub.url}/me/tuned` });
  expect(hub.uploads.visibility.get("me/tuned")).toBe("private");
  const { files } = hub.repos.get("me/tuned") ?? { files: new Map() };
  expect([...files].map(([name, body]) => [name, body.length]).sort()).toEqual([
    ["README.md", 37],
    ["onnx/model.onnx", 9000],
  ]);
});

test("what is there is changed only with --update", async () => {
  await burnishPush("--repo", "me/tuned", "--public");
  expect(hub.uploads.visibility.get("me/tuned")).toBe("public");
  await expect(burnishPush("--repo", "me/tuned")).rejects.toMatchObject({ code: "usage", hint: /--update/ });
  await card("mit");
  await burnishPush("--repo", "me/tuned", "--update");
  expect(hub.repos.get("me/tuned")?.files.get("README.md")?.toString()).toContain("license: mit");
});

test("a card whose licence forbids it, and no token, are told before anything is sent", async () => {
  await card("cc-by-nd-4.0");
  await expect(burnishPush("--repo", "me/tuned")).rejects.toMatchObject({ message: /cc-by-nd-4.0, does not allow/ });
  vi.stubEnv("HF_TOKEN", "");
  await expect(burnishPush("--repo", "me/tuned")).rejects.toMatchObject({ code: "usage", hint: /HF_TOKEN/ });
  expect(hub.log.filter((line) => /^(POST|PUT)/.test(line))).toEqual([]);
});
